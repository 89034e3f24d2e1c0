import { describe, expect, it } from "vitest"
import { viewedPolicy } from "#tests/fixture/audited.ts"
import { useClient } from "#tests/fixture/client.ts"
import { useDatabase } from "#tests/harness/src/use-database.ts"
import { audit } from "../compile/audit.js"
import { recordViews } from "./recorder.js"

const database = useDatabase()
const used = useClient(database, { policy: viewedPolicy(["sensitive"]), extensions: [audit], views: recordViews })
const inClinic = <T>(work: () => Promise<T>): Promise<T> => used.wk.run(used.doctor, work)

/** The groups of the views that were recorded meanwhile. */
async function groupsWhile(work: () => Promise<unknown>): Promise<{ error: unknown; groups: string[][] }> {
  const [before] = await used.admin<{ id: string }>("select coalesce(max(id), 0)::text as id from wardkeep_audit.event")
  const error: unknown = await inClinic(work).then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  const events = await used.admin<{ groups: string[] }>(
    "select groups from wardkeep_audit.event where verb = 'view' and id > $1",
    [before?.id],
  )
  return { error, groups: events.map(({ groups }) => groups) }
}

async function groupsOf(text: string): Promise<string[][]> {
  const { error, groups } = await groupsWhile(() => used.wk.query(text))
  expect(error, text).toBeUndefined()
  return groups
}

const whole = 'select to_jsonb("a""b") as x, row_number() over () from patient "a""b"'
const upsert =
  "insert into patient (id, full_name) select gen_random_uuid(), 'x' on conflict (clinic_id, branch_id, id) do update set phone = patient.phone"

describe("a strict column under another name", () => {
  it.each([
    "select lag(f) over () as x from patient p(a,b,c,d,e,f,g)",
    "select lag(f) over () as x from patient as p /* of all */ (a,b,c,d,e,f,g)",
    "select lag(f) over () as x, '\\' from patient p(a,b,c,d,e,f,g)",
    "select upper(f) from patient p(a,b,c,d,e,f,g), patient q",
    "select row_number() over () from patient p(a,b,c,d,e,f,g) where f like 'canary%'",
    whole,
  ])("is not shown without a person: %s", async (text) => {
    await expect(inClinic(() => used.wk.query(text))).rejects.toMatchObject({ code: "WK412" })
  })

  it("is not shown as the row was before a write", async () => {
    // PostgreSQL 15 has no OLD in RETURNING.
    const code = database.serverVersionNum >= 180_000 ? "WK412" : /^42/
    for (const text of [
      "update patient set phone = phone returning to_jsonb(old) as x",
      "update patient set phone = phone returning with (old as o) o::text as x",
      "update patient set phone = phone returning upper(old.hiv_status)",
      `${upsert} returning to_jsonb(old) as x`,
    ]) {
      const error: unknown = await inClinic(() => used.wk.query(text)).catch((thrown: unknown) => thrown)
      expect(error, text).toMatchObject({ code: expect.stringMatching(code) })
    }
  })

  it("is not shown of a table that the plan left out", async () => {
    for (const shown of ["upper(f) from patient p(a,b,c,d,e,f,g)", "to_jsonb(p) from patient p"]) {
      const work = (): Promise<void> =>
        used.wk.tx(async (t) => {
          await t.query("select set_config('transform_null_equals', 'on', true)")
          await t.query(`select ${shown} where null = null`)
        })
      const { error, groups } = await groupsWhile(work)
      // The plan of PostgreSQL 15 has the table, so that its persons are added.
      if (database.serverVersionNum < 180_000 && error === undefined) expect(groups).toEqual([["sensitive"]])
      else expect(error).toMatchObject({ code: "WK412" })
    }
  })

  it("is not copied", async () => {
    const copy = inClinic(async () => {
      for await (const _ of used.wk.copyOut("select f from patient p(a,b,c,d,e,f,g)"));
    })
    await expect(copy).rejects.toMatchObject({ code: "WK412" })
  })

  it("is named by its group where the person is", async () => {
    expect(await groupsOf("select c, upper(f) from patient p(a,b,c,d,e,f,g) limit 1")).toEqual([["sensitive"]])
  })
})

it("other columns are not taken for it: behind an alias with a number, of what is written, in a type or a constant", async () => {
  for (const text of [
    "select p.phone || '' as x, p_1.hiv from patient p, (select reason as hiv, patient_id as of from visit offset 0) p_1 where p_1.of = p.id",
    "select count(p.phone::pg_catalog.text collate pg_catalog.\"C\") as n, 'p.*' as all from patient p",
    "select p.ctid::text || p.phone as x from patient as p",
    "insert into patient as p (id, full_name) values (gen_random_uuid(), 'x') returning p.full_name || '' as x",
    "insert into patient (id, full_name) values (gen_random_uuid(), 'x') returning full_name || '' as x",
    "update patient as p set phone = p.phone || '' returning p.phone || '' as x",
  ])
    expect((await groupsOf(text)).flat(), text).not.toContain("sensitive")
})
