import type { Wardkeep } from "@wardkeep/postgres/client"
import { beforeAll, describe, expect, it } from "vitest"
import { viewedPolicy } from "#tests/fixture/audited.ts"
import { useClient } from "#tests/fixture/client.ts"
import { useDatabase } from "#tests/harness/src/use-database.ts"
import { audit } from "../compile/audit.js"
import { recordViews } from "./recorder.js"

const database = useDatabase()
const used = useClient(database, { policy: viewedPolicy(["sensitive"]), extensions: [audit], views: recordViews })
let open: Wardkeep

/** Reads each row into a setting; made of two constants, so that the text names no function that keeps. */
const hidden = `'select set_con' || 'fig(''app.kept'', string_agg(full_name, '',''), true) from patient'`
const carried = "select set_config('app.kept', string_agg(hiv_status, ','), true) from patient"
const lookBack = "select current_setting('app.kept', true) as kept"
const nobodyKnown = { source: "undetermined", n: 0 }

interface Recorded {
  readonly relation: string
  readonly source: string
  readonly n: number | null
}

/** The views that were recorded meanwhile. */
async function recorded(work: () => Promise<unknown>): Promise<Recorded[]> {
  const [before] = await used.admin<{ id: string }>("select coalesce(max(id), 0)::text as id from wardkeep_audit.event")
  await open.run(used.doctor, work)
  return await used.admin<Recorded>(
    `select relation, detail::json->>'source' as source, n from wardkeep_audit.event where verb = 'view' and id > $1 order by id`,
    [before?.id],
  )
}

beforeAll(async () => {
  await used.owner(async (client) => {
    const role = `wk_${used.clinic.policy.deployment}_r_doctor`
    await client.query(`
      create sequence receipt_no; grant usage on sequence receipt_no to ${role};
      create table receipt (id bigint primary key default nextval('receipt_no'), what text);
      create function keeps(what text) returns text language plpgsql as $$ begin return set_config('app.kept', what, true); end $$;
      create view kept with (security_invoker) as
        select id, set_config('app.kept', coalesce(current_setting('app.kept', true), '') || hiv_status, true) as k from patient;
      grant select on kept to ${role}`)
  })
  const { policy } = used.clinic
  const patient = policy.tables.get("public.patient")
  if (patient === undefined) throw new Error("the fixture has patients")
  const tables = new Map(policy.tables).set("public.patient", { ...patient, audit: { views: true } })
  open = used.make({ views: recordViews({ ...policy, tables }) })
})

describe("a text that returns no row is recorded", () => {
  it.each<[string, string, string[], string]>([
    ["where it runs another", `select 1 where query_to_xml(${hidden}, true, true, '') is null`, [], "query_to_xml()"],
    ["where it runs a value", "select 1 where query_to_xml($1, true, true, '') is null", [carried], "query_to_xml()"],
    [
      "where it is a write that runs one",
      "update visit set reason = reason where query_to_xml($1, true, true, '') is null",
      [carried],
      "query_to_xml()",
    ],
    ["where a view keeps", "select id from kept where k is null", [], "public.patient"],
    ["where a function of the host may", "select 1 from patient where keeps(full_name) is null", [], "public.patient"],
    ["where random numbers are drawn", "select 1 from patient where random() < -1", [], "public.patient"],
    ["where a sequence counts", "select 1 from patient where nextval('receipt_no') is null", [], "public.patient"],
    [
      "where a write counts",
      "update patient set phone = phone where nextval ( 'receipt_no') is null",
      [],
      "public.patient",
    ],
    [
      "where the transaction gets a number",
      "select 1 from patient where pg_current_xact_id() is null",
      [],
      "public.patient",
    ],
  ])("%s", async (_, text, values, relation) => {
    const works = [
      () => open.query(text, values),
      () => open.tx(async (t) => void (await t.query(text, values))),
      // From the second time on a text may record itself.
      () => open.query(text, values),
    ]
    for (const work of works) expect(await recorded(work)).toContainEqual({ ...nobodyKnown, relation })
  })

  it("as an ORM asks it", async () => {
    const work = async (): Promise<void> => {
      const session = await open.pool.connect()
      try {
        await session.query("begin")
        await session.query(`select 1 where query_to_xml(${hidden}, true, true, '') is null`)
        await session.query("rollback")
      } finally {
        session.release()
      }
    }
    expect(await recorded(work)).toMatchObject([{ ...nobodyKnown, relation: "query_to_xml()" }])
  })

  it("of a function of the host with rows too, and then says whose they are", async () => {
    const text = "select id, keeps(full_name) from patient order by id limit 1"
    for (let time = 0; time < 2; time++)
      expect(await recorded(() => open.query(text))).toMatchObject([
        { relation: "public.patient", source: "exact", n: 1 },
        { relation: "keeps()", source: "undetermined" },
      ])
  })
})

describe("nothing is left behind", () => {
  it("by a text that found no row and calls nothing that keeps", async () => {
    const nobody = "select id, full_name, now(), clock_timestamp() from patient where full_name = 'nobody'"
    for (const text of [nobody, "select 1 where to_jsonb(1) is null", "select random(), nextval('receipt_no')"])
      expect(await recorded(() => open.query(text)), text).toEqual([])
  })

  it("by the number or the identifier of a row that is written", async () => {
    const insert = `insert into patient (id, full_name, phone) values (gen_random_uuid(), 'New', nextval('receipt_no')::text)`
    expect(await recorded(() => open.query(insert))).toEqual([])
    expect(await recorded(() => open.query(`${insert} returning id, full_name`))).toMatchObject([
      { relation: "public.patient", source: "exact", n: 1 },
    ])
    const selected = `${insert.replace(/values .*/, "select gen_random_uuid(), 'New', nextval('receipt_no')::text from patient limit 1")} returning id`
    expect(await recorded(() => open.query(selected))).toMatchObject([
      { relation: "public.patient", source: "undetermined" },
    ])
  })
})

describe("what a refused statement kept of strict columns", () => {
  it.each<[string, string, string[]]>([
    ["of a view", "select id from kept where k is null", []],
    ["of a value that was run", "select 1 where query_to_xml($1, true, true, '') is null", [carried]],
    ["of a function", "select 1 from patient where keeps(hiv_status) is null", []],
  ])("is not found by the next: %s", async (_, text, values) => {
    const said: unknown[] = []
    const asked: [string, string[]][] = [
      [text, values],
      [lookBack, []],
    ]
    const work = used.wk.run(used.doctor, () =>
      used.wk.tx(async (t) => {
        for (const [one, its] of asked) said.push(await t.query(one, its).catch((error: unknown) => error))
      }),
    )
    await expect(work).rejects.toMatchObject({ code: "WK103" })
    expect(said).toMatchObject([{ code: "WK412" }, { code: "25P02" }])
  })

  it("is not found behind a stream", async () => {
    const said: unknown[] = []
    const work = used.wk.run(used.doctor, () =>
      used.wk.tx(async (t) => {
        const read = async (): Promise<void> => {
          for await (const _ of t.stream("select id from kept where k is null"));
        }
        said.push(await read().catch((error: unknown) => error))
        said.push(await t.query(lookBack).catch((error: unknown) => error))
      }),
    )
    await expect(work).rejects.toMatchObject({ code: "WK103" })
    expect(said).toMatchObject([{ code: "WK412" }, { code: "25P02" }])
  })

  it("is not found by the next transaction of the same session", async () => {
    const wk = used.make({ max: 1, views: recordViews(used.clinic.policy) })
    const text = "select 1 from patient where hiv_status <> '' and nextval('receipt_no') is null"
    for (const work of [() => wk.query(text), () => wk.tx(async (t) => await t.query(text))]) {
      await expect(wk.run(used.doctor, work)).rejects.toMatchObject({ code: "WK412" })
      const next = wk.run(used.doctor, () => wk.query("select currval('receipt_no')"))
      await expect(next).rejects.toMatchObject({ code: "55000" })
    }
  })
})
