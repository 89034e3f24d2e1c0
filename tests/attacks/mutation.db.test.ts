import { beforeAll, describe, expect, it } from "vitest"
import { useDatabase } from "#tests/harness/src/use-database.ts"
import { mutations } from "./mutations.ts"
import { attempt, onlyFor, type Probe } from "./probe.ts"
import { allProbes } from "./probes/index.ts"
import { asSuperuser, makeWorld, type World } from "./world.ts"

const database = useDatabase()
/** Every probe, those of one group first. */
const probesFrom = (group?: string): readonly Probe[] =>
  onlyFor([...(allProbes[group ?? ""] ?? []), ...Object.values(allProbes).flat()], "portable")
let world: World

beforeAll(async () => {
  world = await makeWorld(database, "portable")
})

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
async function killer(mutant: World, near?: string): Promise<string | undefined> {
  for (const probe of probesFrom(near)) {
    const leaks = await attempt(mutant, probe).then(
      (outcome) => outcome.leaks,
      () => [],
    )
    const proof = leaks.find((leak) => !leak.startsWith("was refused with"))
    if (proof !== undefined) return `${probe.name}: ${proof}`
  }
  return undefined
}

describe("a guard taken away", () => {
  const killed = new Map<string, string>()

  it("is missed by no probe when nothing is taken away", { timeout: 240_000 }, async () => {
    const clone = await database.cluster.database(undefined, { template: database.databaseName })
    expect(await killer(inside(world, clone.name))).toBeUndefined()
    await clone.drop()
  })

  it.each(mutations.map((m) => [m.name, m] as const))("is caught: %s", { timeout: 240_000 }, async (name, mutation) => {
    const clone = await database.cluster.database(undefined, { template: database.databaseName })
    try {
      const { doctor, reception } = world.grants
      const app = world.clinic.logins.app.user
      const owner = app.replace(/app$/, "owner")
      await asSuperuser(clone.adminUrl, (admin) =>
        admin.query(mutation.sql({ doctor: doctor.db_role, reception: reception.db_role, app, owner })),
      )
      const by = await killer(inside(world, clone.name), mutation.near)
      if (by !== undefined) killed.set(name, by)
      expect(by, "no probe got anything").toBeDefined()
    } finally {
      await clone.drop()
    }
  })

  it("names groups of probes that exist", () => {
    const groups = mutations.flatMap(({ near }) => (near === undefined ? [] : [near]))
    expect(groups.filter((group) => allProbes[group] === undefined)).toEqual([])
  })

  it("is caught every time", () => {
    console.info(`mutations killed: ${killed.size} of ${mutations.length}`)
    expect(killed.size).toBe(mutations.length)
  })
})
