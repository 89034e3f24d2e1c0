const escaped = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")

/** A key as a word of its own: `1` is in `{"branch":1}`, not in `u1` or `10`. */
const asWord = (key: string): RegExp => new RegExp(`(?<![\\p{L}\\p{N}])${escaped(key)}(?![\\p{L}\\p{N}])`, "gu")

export const holdsKey = (text: string, keys: readonly string[]): boolean =>
  keys.some((key) => key !== "" && asWord(key).test(text))

/** The text with each of these keys replaced. */
export const withKey = (text: string, keys: readonly string[], replacement: string): string =>
  keys.filter((key) => key !== "").reduce((changed, key) => changed.replace(asWord(key), () => replacement), text)
