import { createHash } from "node:crypto"

const node = (left: Buffer, right: Buffer): Buffer =>
  createHash("sha256")
    .update(Buffer.from([1]))
    .update(left)
    .update(right)
    .digest()

/** RFC 6962, section 2.1, as it is written there: of the hashes of the leaves, all of them at once. */
export function naiveRoot(leaves: readonly Buffer[]): Buffer {
  const [only] = leaves
  if (only === undefined) return createHash("sha256").digest()
  if (leaves.length === 1) return only
  let split = 1
  while (split * 2 < leaves.length) split *= 2
  return node(naiveRoot(leaves.slice(0, split)), naiveRoot(leaves.slice(split)))
}
