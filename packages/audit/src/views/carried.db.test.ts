import { beforeAll, describe, expect, it } from "vitest"
import { viewedPolicy } from "#tests/fixture/audited.ts"
import { useClient } from "#tests/fixture/client.ts"
import { useDatabase } from "#tests/harness/src/use-database.ts"
import { audit } from "../compile/audit.js"
import { recordViews } from "./recorder.js"

const database = useDatabase()
const used = useClient(database, { policy: viewedPolicy(["sensitive"]), extensions: [audit], views: recordViews })
const everybody = (column: string): string =>
  `set_config('app.kept', coalesce(current_setting('app.kept', true), '') || ${column} || ';', true)`
const longName = `reads_${"a".repeat(57)}`
const kept = "select current_setting('app.kept', true) as kept"

interface Recorded {
  readonly relation: string
  readonly source: string
  readonly n: number | null
}

/** The views that were recorded meanwhile. */
async function recorded(work: () => Promise<unknown>): Promise<Recorded[]> {
  const [before] = await used.admin<{ id: string }>("select coalesce(max(id), 0)::text as id from wardkeep_audit.event")
  await used.wk.run(used.doctor, work)
  return await used.admin<Recorded>(
    `select relation, detail::json->>'source' as source, n from wardkeep_audit.event where verb = 'view' and id > $1 order by id`,
    [before?.id],
  )
}

const unknownPatients = { relation: "public.patient", source: "undetermined" }

beforeAll(() =>
  used.owner(async (client) => {
    const role = `wk_${used.clinic.policy.deployment}_r_doctor`
    await client.query(`
      create function some_name() returns text language plpgsql stable as $$ begin return (select min(full_name) from patient); end $$;
      create function "we""ird"() returns text language plpgsql stable as $$ begin return (select min(full_name) from patient); end $$;
      create function ${longName}() returns text language plpgsql stable as $$ begin return (select min(full_name) from patient); end $$;
      create view two_values with (security_invoker = true) as values (some_name()), ('x');
      create view of_values with (security_invoker = true) as select * from two_values;
      create view lately with (security_invoker = true) as select full_name from patient;
      grant select on two_values, of_values, lately to ${role}`)
  }),
)

describe("rows that leave beside the result", () => {
  it.each([
    ["of a text that returns no row", `select 1 from patient where ${everybody("full_name")} is null`],
    ["of one that returns a row of somebody", `select id, ${everybody("full_name")} from patient offset 1`],
    ["of a write that changes nothing", `update patient set phone = phone where ${everybody("full_name")} is null`],
    ["as a large object", "select 1 from patient where lo_from_bytea(0, full_name::bytea) is null"],
    ["as the number of a lock", "select 1 from patient where pg_try_advisory_xact_lock(ascii(full_name)) is null"],
  ])("are recorded as of nobody known, in a transaction and alone: %s", async (_, text) => {
    for (const work of [() => used.wk.query(text), () => used.wk.tx(async (q) => void (await q.query(text)))])
      expect(await recorded(work)).toMatchObject([unknownPatients])
  })

  it("are recorded of a stream", async () => {
    const text = `select id, ${everybody("full_name")} from patient offset 1`
    const read = async (): Promise<void> => {
      for await (const _ of used.wk.stream(text));
    }
    expect(await recorded(read)).toMatchObject([unknownPatients])
  })

  it("are refused where the column is strict, and what was kept of them goes with the transaction", async () => {
    const text = `select 1 from patient where ${everybody("hiv_status")} is null`
    const said: unknown[] = []
    const work = used.wk.run(used.doctor, () =>
      used.wk.tx(async (q) => {
        for (const one of [text, kept]) said.push(await q.query(one).catch((error: unknown) => error))
      }),
    )
    await expect(work).rejects.toMatchObject({ code: "WK103" })
    expect(said).toMatchObject([{ code: "WK412" }, { code: "25P02" }])
    await expect(used.wk.run(used.doctor, () => used.wk.query(text))).rejects.toMatchObject({ code: "WK412" })
  })

  it("are none where no table is read", async () => {
    const texts = ["select set_config('app.kept', 'a', true)", "select pg_advisory_xact_lock(7)"]
    for (const text of texts) expect(await recorded(() => used.wk.query(text))).toEqual([])
  })
})

// PostgreSQL 15 shows the table in the plan of what a constant rules out, and its persons are added; 18 leaves it out, and they are unknown.
describe("a table that the plan left out", () => {
  it("is recorded once its literal lets rows through", async () => {
    const wk = used.make({ preparedStatements: false, max: 1, views: recordViews(viewedPolicyOf()) })
    const opens = new Date(Date.now() + 1_200)
    for (const from of ["patient", "/* of */ lately", "visit v, patient"]) {
      const text = `select upper(full_name) as n from ${from} where timestamptz 'now' > timestamptz '${opens.toISOString()}'`
      await wk.run(used.doctor, () => wk.query(text))
    }
    await new Promise((resolve) => setTimeout(resolve, Math.max(0, opens.getTime() - Date.now()) + 200))
    for (const from of ["patient", "/* of */ lately", "visit v, patient"]) {
      const text = `select upper(full_name) as n from ${from} where timestamptz 'now' > timestamptz '${opens.toISOString()}'`
      const rows = await recorded(() => wk.run(used.doctor, () => wk.query(text)))
      expect(rows, from).toContainEqual(expect.objectContaining({ relation: "public.patient" }))
    }
  })

  it("is recorded where a setting of the session lets rows through", async () => {
    // Words that end FROM elsewhere are names here.
    const others = ["", "visit set, ", "visit values, ", "visit v join (select 1 as where) x on x.where = 1, "]
    for (const other of others) {
      const text = `select p.full_name || '' as n from ${other}patient p where null = null`
      await used.wk.run(used.doctor, () => used.wk.query(text))
      const work = (): Promise<unknown> =>
        used.wk.tx(async (q) => {
          await q.query("select set_config('transform_null_equals', 'on', true)")
          expect((await q.query(text)).rows.length).toBeGreaterThan(0)
        })
      expect(await recorded(work), text).toContainEqual(expect.objectContaining({ relation: "public.patient" }))
    }
  })

  it("is not made of a column, an alias or a word that is called like it", async () => {
    const texts = ["select 1 as patient", "select v.id as patient from visit v", "select 'a patient, a visit' as words"]
    for (const text of texts) {
      const views = await recorded(() => used.wk.query(text))
      expect(
        views.map(({ relation }) => relation),
        text,
      ).not.toContain("public.patient")
    }
  })
})

describe("a function that reads", () => {
  it.each([
    ["in a VALUES list of a view, and of a view over it", "select * from of_values", "some_name()"],
    [
      "that is typed with more than the 63 bytes of its name",
      `select '' limit (${longName}_and_more() is not null)::int`,
      `${longName}_and_more()`,
    ],
    ["whose name has a quote", `select "we""ird"()`, `we""ird()`],
  ])("is named %s", async (_, text, name) => {
    await expect(used.wk.run(used.doctor, () => used.wk.query(text))).rejects.toMatchObject({ code: "WK412" })
    expect(await recorded(() => used.wk.query(text, [], { reads: ["public.visit"] }))).toMatchObject([
      { relation: "public.visit", source: "declared" },
    ])
    const wk = used.make({ views: recordViews(viewedPolicyOf()) })
    expect(await recorded(() => wk.run(used.doctor, () => wk.query(text)))).toMatchObject([{ relation: name }])
  })
})

/** The installed policy without strict columns. */
function viewedPolicyOf(): typeof used.clinic.policy {
  const { policy } = used.clinic
  const tables = new Map<string, NonNullable<ReturnType<typeof policy.tables.get>>>(policy.tables)
  const patient = tables.get("public.patient")
  if (patient === undefined) throw new Error("the fixture has patients")
  tables.set("public.patient", { ...patient, audit: { views: true } })
  return { ...policy, tables }
}
