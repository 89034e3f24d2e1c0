export const legs = ["embedded18", "pg15", "pgbouncer", "limited-admin"] as const

/** Which server, which way to it and which administrator a test run uses. */
export type Leg = (typeof legs)[number]

export function legFromEnvironment(): Leg {
  const name = process.env.WARDKEEP_TEST_LEG ?? "embedded18"
  const leg = legs.find((known) => known === name)
  if (leg === undefined) throw new Error(`WARDKEEP_TEST_LEG=${name} is not one of ${legs.join(", ")}`)
  return leg
}
