import pg from "pg"
import { beforeAll, describe, expect, it } from "vitest"
import { useDatabase } from "#tests/harness/src/use-database.ts"
import { attempt, entering, type Probe } from "./probe.ts"
import { ownerOf } from "./probes/context-statements.ts"
import { allProbes } from "./probes/index.ts"
import { answerToStart } from "./start-packet.ts"
import { codeOf, makeWorld, type World } from "./world.ts"

const withOptions = Object.values(allProbes)
  .flat()
  .filter((probe): probe is Probe & Required<Pick<Probe, "startup">> => probe.startup !== undefined)

const parameters = (w: World): Record<string, string> => ({
  role: ownerOf(w),
  row_security: "off",
  session_replication_role: "replica",
  search_path: "evil",
  "wardkeep.token": w.grants.foreigner.token,
  backtrace_functions: "x",
  options: "-c row_security=off",
})

describe("start-up options through a pooler", () => {
  const database = useDatabase()
  let world: World

  beforeAll(async () => {
    world = await makeWorld(database, "portable")
  })

  it.each(withOptions.map((probe) => [probe.name, probe] as const))("are refused by it: %s", async (_, probe) => {
    const client = new pg.Client({ connectionString: world.appUrl, options: probe.startup(world) })
    await expect(client.connect()).rejects.toMatchObject({ code: "08P01", message: expect.stringContaining("options") })
  })

  it("are refused under every name, and a start packet without any is not: the control", async () => {
    expect(await answerToStart(world.appUrl, {})).toMatch(/^R/)
    for (const [name, value] of Object.entries(parameters(world)))
      expect(await answerToStart(world.appUrl, { [name]: value }), name).toMatch(
        new RegExp(`^E.*unsupported startup parameter: ${name}`),
      )
  })
})

describe("start-up options through a pooler that was told to ignore them", () => {
  const database = useDatabase({
    pooler: { settings: { ignore_startup_parameters: "options,role,row_security,session_replication_role" } },
  })
  let world: World

  beforeAll(async () => {
    world = await makeWorld(database, "portable")
  })

  it.each(withOptions.map((probe) => [probe.name, probe] as const))("do nothing: %s", async (_, probe) => {
    const settings = ["role", "row_security", "session_replication_role", "backtrace_functions"]
    const read = settings.map((name) => `current_setting('${name}', true) as "${name}"`)
    const client = new pg.Client({ connectionString: world.appUrl, options: probe.startup(world) })
    await client.connect()
    try {
      const { rows } = await client.query(`select ${read.join(", ")}, current_setting('wardkeep.token', true) as token`)
      const [row] = rows as [Record<string, string | null>]
      expect(row).toMatchObject({ role: "none", row_security: "on", session_replication_role: "origin" })
      expect([row.backtrace_functions || null, row.token || null]).toEqual([null, null])
      expect(await client.query("select * from public.patient").then(() => "none", codeOf)).toBe("42501")
    } finally {
      await client.end()
    }
  })

  it("show nobody else's row to whoever then takes a context", async () => {
    for (const { startup } of withOptions) {
      const sql = (w: World): string[] => [...entering(w, "reception"), "select full_name from public.patient"]
      const { leaks, code } = await attempt(world, { name: "", as: "nobody", startup, sql, rows: 5 })
      expect([leaks, code], startup(world)).toEqual([[], "none"])
    }
  })
})
