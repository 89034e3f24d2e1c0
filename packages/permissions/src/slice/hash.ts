const offset = 0xcbf29ce484222325n
const prime = 0x100000001b3n

/**
 * FNV-1a with 64 bits over the UTF-8 bytes: synchronous and the same everywhere. It names versions, so that a collision
 * shows an old menu; it protects nothing, and nothing may rely on it.
 *
 * @example hash64("") // cbf29ce484222325
 */
export function hash64(text: string): string {
  let hash = offset
  for (const byte of new TextEncoder().encode(text)) hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * prime)
  return hash.toString(16).padStart(16, "0")
}
