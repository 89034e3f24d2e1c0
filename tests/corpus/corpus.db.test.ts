import { fileURLToPath } from "node:url"
import { describe, expect, test } from "vitest"
import { digestOf } from "./src/digest.ts"
import { canaryRule, genericReads } from "./src/generic-reads.ts"
import { genericWrites } from "./src/generic-writes.ts"
import { type Installed, rolesOf } from "./src/installed.ts"
import { prove } from "./src/proof.ts"
import { canLoad, isBelowFloor, readSystems, type System } from "./src/system.ts"
import { useWorkshop } from "./src/use-workshop.ts"

const only = process.env.WARDKEEP_CORPUS_ONLY
const all = readSystems(fileURLToPath(new URL("systems", import.meta.url)))
const systems = all.filter(({ slug }) => only === undefined || only.split(",").includes(slug))
const named = (kind: System["kind"]) =>
  systems.filter((system) => system.kind === kind).map((system) => [system.slug, system] as const)

/** Faults that the attempts on clean systems must notice, and what they say then: the guards of those attempts. */
const noticed: Readonly<Record<string, { readonly reading?: string; readonly writing?: string }>> = {
  "dental-chain-forgotten-table": {
    reading: "in its context: select clinic_id, no, patient_no, taken_at, finding from public.xray",
  },
  "maternity-view-of-unforced-owner": { reading: "from public.v_due_list" },
  "emr-definer-by-id": { reading: "select * from public.open_chart('2'::integer)" },
  "clinic-open-without-context": { reading: "without a context: select" },
  "eye-hospital-empty-context": { reading: "with an empty context: select" },
  "bloodbank-open-delete": { writing: "delete from public.blood_unit" },
  "blind-update-open": { writing: "update public.reminder set channel = default" },
  "teleconsult-row-move": { writing: "update public.call_record set practice_id = '502'" },
  "vaccination-insert-anywhere": { writing: "insert into public.dose" },
}

const used = useWorkshop()

async function installed(system: System, work: (installed: Installed) => Promise<void>): Promise<void> {
  if (!canLoad(system, used.cluster.serverVersionNum)) {
    await expect(used.workshop.install(system)).rejects.toThrow("cannot be loaded")
    return
  }
  const database = await used.workshop.install(system)
  try {
    expect(await canaryRule(database)).toEqual([])
    await work(database)
  } finally {
    await database.remove()
  }
}

test("there are at least eighty faulty and forty clean systems, and every fault has a proof", () => {
  const faulty = all.filter(({ kind }) => kind === "faulty")
  expect(faulty.length).toBeGreaterThanOrEqual(80)
  expect(all.length - faulty.length).toBeGreaterThanOrEqual(40)
  expect(faulty.filter(({ attackSql, expect: planted }) => attackSql === undefined || planted.length === 0)).toEqual([])
  expect(all.filter(({ kind, expect: planted }) => kind === "clean" && planted.length > 0)).toEqual([])
})

test("every fault that the attempts must notice is in the corpus", () => {
  const slugs = all.map(({ slug }) => slug)
  expect(Object.keys(noticed).filter((slug) => !slugs.includes(slug))).toEqual([])
})

test("no two systems make the same role, which would belong to both", () => {
  const roles = all.flatMap(rolesOf)
  expect(roles.filter((role, index) => roles.indexOf(role) !== index)).toEqual([])
})

describe.runIf(named("faulty").length > 0)("the leak of a faulty system shows when it is tried by hand", () => {
  test.concurrent.each(named("faulty"))("%s", async (_, system) => {
    await installed(system, async (database) => {
      const { reading, writing } = noticed[system.slug] ?? {}
      if (reading !== undefined) expect((await genericReads(database)).join("\n")).toContain(reading)
      if (writing !== undefined) expect((await genericWrites(database)).join("\n")).toContain(writing)
      const before = await digestOf(database)
      const { leaks, controlFailed, told } = await prove(database)
      if (writing !== undefined) expect(await digestOf(database)).not.toBe(before)
      const closed = system.belowFloorOnly === true && !isBelowFloor(used.cluster.serverVersionNum)
      expect(leaks, told).toBe(!closed)
      expect(controlFailed, told).toBe(false)
    })
  })
})

describe.runIf(named("clean").length > 0)("nothing that is tried against a clean system reaches another tenant", () => {
  test.concurrent.each(named("clean"))("%s", async (_, system) => {
    await installed(system, async (database) => {
      const { leaks, told } = await prove(database)
      expect(leaks, told).toBe(false)
      expect(await genericReads(database)).toEqual([])
      expect(await genericWrites(database)).toEqual([])
    })
  })
})
