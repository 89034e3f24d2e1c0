/**
 * Statements that one `npm test` makes on each server, over all ways to use the client; `totals.test.ts` adds them up.
 * It is the client that is tried: the older server gets less. `npm run fuzz` makes a million.
 */
export const totals = { embedded18: 22_000, pg15: 10_000, pgbouncer: 18_000 } as const

/** How many of them one way makes, as the environment or the leg says. */
export function perWay(leg: string, ways: number): number {
  const [, ofLeg = totals.embedded18] = Object.entries(totals).find(([name]) => name === leg) ?? []
  return Math.ceil(Number(process.env.WARDKEEP_FUZZ_STATEMENTS ?? ofLeg) / ways)
}
