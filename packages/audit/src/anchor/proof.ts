import type { Queryable } from "@wardkeep/postgres/migrate"
import { emptyTree, type Frontier, grow, rootOf } from "../seal/tree.js"

/** Leaves that travel at once. */
const page = 2000

/** The deployment's log as it stood when it had `size` leaves; reads all of them, and keeps as many hashes as the size has bits. */
export async function frontierAt(client: Queryable, size: number): Promise<Frontier> {
  let frontier = emptyTree
  for await (const leaf of leavesOf(client, "", 0, size)) frontier = grow(frontier, leaf)
  return frontier
}

/** The leaves `from` to `to - 1` of a tenant's log, or of the deployment's, whose tenant is empty. */
export async function* leavesOf(client: Queryable, tenant: string, from: number, to: number): AsyncIterable<Buffer> {
  for (let next = from; next < to; ) {
    const { rows } = await client.query<{ hash: Buffer }>(
      `select hash from wardkeep_audit.leaf
        where log = (select id from wardkeep_audit.log where tenant = $1) and index >= $2 and index < $3 order by index limit ${page}`,
      [tenant, next, to],
    )
    yield* rows.map((row) => row.hash)
    if (rows.length === 0) return
    next += rows.length
  }
}

/**
 * RFC 6962, section 2.1.2: that the tree of `older` is the beginning of the one that has `leaves` more. What lies before the old
 * size is in the older frontier, so only the new leaves are read. Of an empty tree the proof is empty.
 */
export function consistencyProof(older: Frontier, leaves: readonly Buffer[]): Buffer[] {
  const old = Number(older.size)
  if (old === 0) return []
  const before = perfectTrees(older)
  const rangeRoot = (from: number, to: number): Buffer => {
    const known = before.get(from)
    if (to <= old && known !== undefined) return known
    let tree = emptyTree
    for (const leaf of leaves.slice(from - old, to - old)) tree = grow(tree, leaf)
    return rootOf(tree)
  }
  const proof = (from: number, to: number, whole: boolean): Buffer[] => {
    if (to === old) return whole ? [] : [rangeRoot(from, to)]
    const half = from + largestPowerBelow(to - from)
    return old <= half
      ? [...proof(from, half, whole), rangeRoot(half, to)]
      : [...proof(half, to, false), rangeRoot(from, half)]
  }
  return proof(0, old + leaves.length, true)
}

/** The roots of a frontier by the leaf with which each begins. */
function perfectTrees({ size, roots }: Frontier): Map<number, Buffer> {
  const found = new Map<number, Buffer>()
  let start = 0
  let left = Number(size)
  for (const root of roots) {
    found.set(start, root)
    const width = largestPowerBelow(left + 1)
    start += width
    left -= width
  }
  return found
}

function largestPowerBelow(n: number): number {
  let power = 1
  while (power * 2 < n) power *= 2
  return power
}
