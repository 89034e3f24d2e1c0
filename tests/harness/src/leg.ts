export const legs = ["embedded18", "pg13", "pg14", "pg15", "pg16", "pg17", "pgbouncer", "limited-admin"] as const

/** Which server, which way to it and which administrator a test run uses. */
export type Leg = (typeof legs)[number]

export function legFromEnvironment(): Leg {
  const name = process.env.WARDKEEP_TEST_LEG ?? "embedded18"
  const leg = legs.find((known) => known === name)
  if (leg === undefined) throw new Error(`WARDKEEP_TEST_LEG=${name} is not one of ${legs.join(", ")}`)
  return leg
}

/** The major version that a leg is named after; the others take 18, or what `WARDKEEP_TEST_POSTGRES` says. */
export function majorOf(leg: Leg): number {
  return namedMajor(leg) ?? Number(process.env.WARDKEEP_TEST_POSTGRES ?? 18)
}

/** Undefined for a leg that any server may serve. */
export function namedMajor(leg: Leg): number | undefined {
  const major = /^pg(\d+)$/.exec(leg)?.[1]
  return major === undefined ? undefined : Number(major)
}
