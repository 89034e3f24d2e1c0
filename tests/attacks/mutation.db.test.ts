import { beforeAll, describe, expect, it } from "vitest"
import { useDatabase } from "#tests/harness/src/use-database.ts"
import { type Mutation, mutations } from "./mutations.ts"
import { acceleratedMutations } from "./mutations-accelerated.ts"
import { attempt, onlyFor, type Probe } from "./probe.ts"
import { allProbes } from "./probes/index.ts"
import { asSuperuser, makeWorld, type Strategy, type World } from "./world.ts"

const everyProbe = Object.values(allProbes).flat()
const isNear = (near: string | undefined): readonly Probe[] =>
  allProbes[near ?? ""] ?? everyProbe.filter((probe) => probe.name === near)

/** Every probe of the strategy, the near ones first. */
const probesFrom = (strategy: Strategy, near?: string): readonly Probe[] =>
  onlyFor([...isNear(near), ...everyProbe], strategy)

function inside(of: World, name: string): World {
  const move = (url: string): string => {
    const changed = new URL(url)
    changed.pathname = `/${name}`
    return changed.href
  }
  return {
    ...of,
    appUrl: move(of.appUrl),
    adminUrl: move(of.adminUrl),
    issuerUrl: move(of.issuerUrl),
    migratorUrl: move(of.migratorUrl),
  }
}

/** The first probe that gets something. A probe that is merely refused differently, or cannot start, proves nothing. */
async function killer(mutant: World, probes: readonly Probe[]): Promise<string | undefined> {
  for (const probe of probes) {
    const leaks = await attempt(mutant, probe).then(
      (outcome) => outcome.leaks,
      () => [],
    )
    const proof = leaks.find((leak) => !leak.startsWith("was refused with"))
    if (proof !== undefined) return `${probe.name}: ${proof}`
  }
  return undefined
}

const nearOf = (list: readonly Mutation[]): string[] => [
  ...new Set(list.flatMap(({ near }) => (near === undefined ? [] : [near]))),
]

const lists: readonly [Strategy, readonly Mutation[], readonly Probe[]][] = [
  ["portable", mutations, probesFrom("portable")],
  // All of them hold over an untouched world in sql.db.test.ts; here those that kill.
  ["accelerated", acceleratedMutations, onlyFor(nearOf(acceleratedMutations).flatMap(isNear), "accelerated")],
]

describe.each(lists)("a guard taken away, %s", (strategy, list, controls) => {
  const database = useDatabase()
  const killed = new Map<string, string>()
  let world: World

  beforeAll(async () => {
    world = await makeWorld(database, strategy)
  })

  it("is missed by no probe when nothing is taken away", { timeout: 240_000 }, async () => {
    const clone = await database.cluster.database(undefined, { template: database.databaseName })
    expect(await killer(inside(world, clone.name), controls)).toBeUndefined()
    await clone.drop()
  })

  it.each(list.map((m) => [m.name, m] as const))("is caught: %s", { timeout: 240_000 }, async (name, mutation) => {
    const clone = await database.cluster.database(undefined, { template: database.databaseName })
    const { doctor, reception } = world.grants
    const app = world.clinic.logins.app.user
    const owner = app.replace(/app$/, "owner")
    const roles = { doctor: doctor.db_role, reception: reception.db_role, app, owner }
    try {
      await asSuperuser(clone.adminUrl, (admin) => admin.query(mutation.sql(roles)))
      const by = await killer(inside(world, clone.name), probesFrom(strategy, mutation.near))
      if (by !== undefined) killed.set(name, by)
      expect(by, "no probe got anything").toBeDefined()
    } finally {
      const undo = mutation.undo?.(roles)
      if (undo !== undefined) await asSuperuser(clone.adminUrl, (admin) => admin.query(undo))
      await clone.drop()
    }
  })

  it("names probes, or groups of them, that exist", () => {
    expect(nearOf(list).filter((near) => isNear(near).length === 0)).toEqual([])
  })

  it("is caught every time", () => {
    console.info(`mutations killed, ${strategy}: ${killed.size} of ${list.length}`)
    expect(killed.size).toBe(list.length)
  })
})
