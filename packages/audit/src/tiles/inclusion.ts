import { emptyTree, grow, rootOf } from "../seal/tree.js"

/**
 * RFC 6962, section 2.1.1: the hashes that lead from a leaf to the root, from its sibling on. Reads every leaf once, and keeps as
 * many hashes as the tree is high, for each of them.
 *
 * @param leaves all `size` of them, in order
 */
export async function inclusionPath(leaves: AsyncIterable<Buffer>, index: number, size: number): Promise<Buffer[]> {
  const ranges = siblings(index, size).map((range) => ({ ...range, tree: emptyTree }))
  // All leaves but the one itself, in order: each range is left with its end.
  const inOrder = [...ranges].sort((a, b) => a.from - b.from)
  let at = 0
  let next = 0
  for await (const leaf of leaves) {
    if (at !== index) {
      const range = inOrder[next]
      if (range === undefined) break
      range.tree = grow(range.tree, leaf)
      if (at + 1 === range.to) next++
    }
    at++
  }
  return ranges.map(({ tree }) => rootOf(tree))
}

/** The ranges of leaves whose roots lead from a leaf to the root of the tree. */
function siblings(index: number, size: number): { readonly from: number; readonly to: number }[] {
  const found: { from: number; to: number }[] = []
  let [from, to] = [0, size]
  while (to - from > 1) {
    let half = 1
    while (half * 2 < to - from) half *= 2
    const middle = from + half
    found.push(index < middle ? { from: middle, to } : { from, to: middle })
    if (index < middle) to = middle
    else from = middle
  }
  return found.reverse()
}
