import { createHash } from "node:crypto"
import { expect, it } from "vitest"
import { type Frontier, grow } from "../seal/tree.js"
import { consistencyProof } from "./proof.js"

const leaf = (n: number): Buffer => createHash("sha256").update(String(n)).digest()

/** RFC 6962, sections 2.1 and 2.1.2, as they are written there, over all leaves. */
function root(leaves: readonly Buffer[]): Buffer {
  if (leaves.length === 1) return leaves[0] ?? Buffer.of()
  const k = split(leaves.length)
  return createHash("sha256")
    .update(Buffer.concat([Buffer.of(1), root(leaves.slice(0, k)), root(leaves.slice(k))]))
    .digest()
}

function subproof(m: number, leaves: readonly Buffer[], whole: boolean): Buffer[] {
  if (m === leaves.length) return whole ? [] : [root(leaves)]
  const k = split(leaves.length)
  return m <= k
    ? [...subproof(m, leaves.slice(0, k), whole), root(leaves.slice(k))]
    : [...subproof(m - k, leaves.slice(k), false), root(leaves.slice(0, k))]
}

const split = (n: number): number => 2 ** Math.ceil(Math.log2(n) - 1)

it("is the proof of RFC 6962 for every pair of sizes up to 34, from the old frontier and the new leaves alone", () => {
  const all = Array.from({ length: 34 }, (_, n) => leaf(n))
  let older: Frontier = { size: 0n, roots: [] }
  let pairs = 0
  for (let m = 0; m < all.length; m++) {
    for (let n = Math.max(m, 1); n <= all.length; n++) {
      const proof = consistencyProof(older, all.slice(m, n))
      expect(proof).toEqual(m === 0 ? [] : subproof(m, all.slice(0, n), true))
      pairs++
    }
    older = grow(older, all[m] ?? Buffer.of())
  }
  expect(pairs).toBe(34 + (34 * 35) / 2 - 1)
})
