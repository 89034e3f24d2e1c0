import { createHash } from "node:crypto"

/** A growing RFC 6962 tree, kept as the roots of its perfect subtrees, largest first: 32 bytes each. */
export interface Frontier {
  readonly size: bigint
  readonly roots: readonly Buffer[]
}

export const emptyTree: Frontier = { size: 0n, roots: [] }

export function leafHash(entry: Buffer): Buffer {
  return createHash("sha256")
    .update(Buffer.from([0]))
    .update(entry)
    .digest()
}

function nodeHash(left: Buffer, right: Buffer): Buffer {
  return createHash("sha256")
    .update(Buffer.from([1]))
    .update(left)
    .update(right)
    .digest()
}

/** The tree with one more leaf. */
export function grow({ size, roots }: Frontier, leaf: Buffer): Frontier {
  const kept = [...roots]
  let last = leaf
  for (let bits = size; (bits & 1n) === 1n; bits >>= 1n) last = nodeHash(kept.pop() ?? last, last)
  return { size: size + 1n, roots: [...kept, last] }
}

/** The root hash; of the empty tree the hash of nothing. */
export function rootOf({ roots }: Frontier): Buffer {
  const last = roots.at(-1)
  if (last === undefined) return createHash("sha256").digest()
  return roots.slice(0, -1).reduceRight((right, left) => nodeHash(left, right), last)
}

export function frontierBytes({ roots }: Frontier): Buffer {
  return Buffer.concat(roots)
}

export function frontierFrom(size: bigint, bytes: Buffer): Frontier {
  const roots: Buffer[] = []
  for (let start = 0; start < bytes.length; start += 32) roots.push(bytes.subarray(start, start + 32))
  return { size, roots }
}
