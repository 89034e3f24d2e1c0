/** Whether a text occurs anywhere in a value: in strings, keys, bytes, maps, sets, errors and their causes. */
export function holds(value: unknown, text: string, seen: Set<object> = new Set()): boolean {
  if (typeof value === "string") return value.includes(text)
  if (typeof value !== "object" || value === null || seen.has(value)) return false
  seen.add(value)
  if (value instanceof Uint8Array) return Buffer.from(value).includes(text)
  if (value instanceof Map || value instanceof Set) return holds([...value], text, seen)
  return Reflect.ownKeys(value).some((key) => {
    if (typeof key === "string" && key.includes(text)) return true
    return holds(Reflect.get(value, key), text, seen)
  })
}
