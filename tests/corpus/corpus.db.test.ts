import { fileURLToPath } from "node:url"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { type OwnCluster, startCluster } from "#tests/harness/src/index.ts"
import { canaryRule, genericReads } from "./src/generic-reads.ts"
import { genericWrites } from "./src/generic-writes.ts"
import { type Installed, rolesOf, Workshop } from "./src/installed.ts"
import { prove } from "./src/proof.ts"
import { serverSettings } from "./src/server-settings.ts"
import { isBelowFloor, readSystems, type System } from "./src/system.ts"

const only = process.env.WARDKEEP_CORPUS_ONLY
const systems = readSystems(fileURLToPath(new URL("systems", import.meta.url))).filter(
  ({ slug }) => only === undefined || only.split(",").includes(slug),
)
const named = (kind: System["kind"]) =>
  systems.filter((system) => system.kind === kind).map((system) => [system.slug, system] as const)

// A server of its own: the systems bring roles with names of their own, and roles belong to the whole server.
let cluster: OwnCluster
let workshop: Workshop
beforeAll(async () => {
  cluster = await startCluster({ settings: serverSettings })
  workshop = await Workshop.open(cluster)
})
afterAll(async () => {
  await workshop.close()
  await cluster.stop()
})

async function installed(system: System, work: (installed: Installed) => Promise<void>): Promise<void> {
  const database = await workshop.install(system)
  try {
    expect(await canaryRule(database)).toEqual([])
    await work(database)
  } finally {
    await database.remove()
  }
}

test("no two systems make the same role, which would belong to both", () => {
  const roles = systems.flatMap(rolesOf)
  expect(roles.filter((role, index) => roles.indexOf(role) !== index)).toEqual([])
})

describe("the leak of a faulty system shows when it is tried by hand", () => {
  test.concurrent.each(named("faulty"))("%s", async (_, system) => {
    await installed(system, async (database) => {
      const { leaks, controlFailed, told } = await prove(database)
      const closed = system.belowFloorOnly === true && !isBelowFloor(cluster.serverVersionNum)
      expect(leaks, told).toBe(!closed)
      expect(controlFailed, told).toBe(false)
    })
  })
})

describe("nothing that is tried against a clean system reaches another tenant", () => {
  test.concurrent.each(named("clean"))("%s", async (_, system) => {
    await installed(system, async (database) => {
      const { leaks, told } = await prove(database)
      expect(leaks, told).toBe(false)
      expect(await genericReads(database)).toEqual([])
      expect(await genericWrites(database)).toEqual([])
    })
  })
})
