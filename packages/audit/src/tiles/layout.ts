/** C2SP tlog-tiles: so many hashes, or entries, are in a full tile. */
export const tileWidth = 256

/**
 * Where a tile lies under the prefix of its log.
 *
 * @example tilePath(0, 1234067) // "tile/0/x001/x234/067"
 */
export function tilePath(level: number | "entries", index: number, width = tileWidth): string {
  const digits = String(index)
  const groups = digits.padStart(Math.ceil(digits.length / 3) * 3, "0").match(/\d{3}/g) ?? []
  const path = groups.map((group, at) => (at < groups.length - 1 ? `x${group}` : group)).join("/")
  return `tile/${level}/${path}${width < tileWidth ? `.p/${width}` : ""}`
}
