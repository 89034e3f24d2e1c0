import { beforeAll, describe, expect, it } from "vitest"
import { viewedPolicy } from "#tests/fixture/audited.ts"
import { useClient } from "#tests/fixture/client.ts"
import { useDatabase } from "#tests/harness/src/use-database.ts"
import { audit } from "../compile/audit.js"
import { recordViews } from "./recorder.js"

const database = useDatabase()
// Of notes no view is recorded.
const policy = viewedPolicy([], ["public.patient", "public.visit"])
const used = useClient(database, { policy, extensions: [audit], views: recordViews })
const readers = { asking: 0, trusting: 3_600_000 }
type Reader = keyof typeof readers
const clients = {} as Record<Reader, ReturnType<typeof used.make>>

beforeAll(() => {
  for (const [name, definitionsFor] of Object.entries(readers))
    clients[name as Reader] = used.make({ views: recordViews(used.clinic.policy, { definitionsFor }) })
})

const ofOwner = (text: string): Promise<unknown> => used.owner((client) => client.query(text))

/** The tables of which a view was recorded while the doctor asked. */
async function recorded(reader: Reader, text: string, how: "alone" | "inside" | "stream"): Promise<string[]> {
  const [before] = await used.admin<{ id: string }>("select coalesce(max(id), 0)::text as id from wardkeep_audit.event")
  const wk = clients[reader]
  await wk.run(used.doctor, async () => {
    if (how === "alone") await wk.query(text)
    else if (how === "inside") await wk.tx((q) => q.query(text))
    else for await (const _ of wk.stream(text));
  })
  const rows = await used.admin<{ relation: string }>(
    "select relation from wardkeep_audit.event where verb = 'view' and id > $1 order by 1",
    [before?.id],
  )
  return rows.map(({ relation }) => relation)
}

const both = ["public.patient", "public.visit"]

describe.each(["alone", "inside", "stream"] as const)("what a text reads may change below it, asked %s", (how) => {
  const view = `names_${how}`
  const text = `select id, full_name from ${view}`
  const define = (body: string): Promise<unknown> =>
    ofOwner(
      `create or replace view ${view} with (security_invoker = true) as ${body}; grant select on ${view} to public`,
    )

  it("by a view that is replaced by one that reads another table too", async () => {
    await define("select id, full_name from patient")
    for (const reader of ["asking", "trusting", "asking", "trusting"] as const)
      expect(await recorded(reader, text, how)).toEqual(["public.patient"])
    await define("select p.id, p.full_name from patient p join (select patient_id from visit) v on v.patient_id = p.id")
    expect(await recorded("asking", text, how)).toEqual(both)
    // What is trusted for an hour is not asked for.
    expect(await recorded("trusting", text, how)).toEqual(["public.patient"])
  })
})

it("a write is held back until its view is recorded, also where the call learns only then that it shows something", async () => {
  await ofOwner("create function noted() returns text language sql immutable as $$ select 'nothing' $$")
  const visit = await used.wk.run(used.doctor, () => used.wk.query<{ id: string }>("select id from visit limit 1"))
  const text = "insert into note (visit_id, body) values ($1, 'held back') returning noted()"
  const insert = (): Promise<unknown> =>
    clients.asking.run(used.doctor, () => clients.asking.query(text, [visit.rows[0]?.id]))
  const count = async (): Promise<number | undefined> =>
    (await used.admin<{ n: number }>("select count(*)::int as n from note where body = 'held back'"))[0]?.n
  for (let time = 0; time < 2; time++) await insert()
  expect(await count()).toBe(2)
  await ofOwner(
    "create or replace function noted() returns text language plpgsql stable as $$ begin return (select max(full_name) from patient); end $$",
  )
  await used.admin("alter function wardkeep_audit.record_views rename to record_views_away")
  try {
    await expect(insert()).rejects.toMatchObject({ code: "WK411" })
  } finally {
    await used.admin("alter function wardkeep_audit.record_views_away rename to record_views")
  }
  expect(await count()).toBe(2)
})

it("a function that read nothing and is replaced by one that may is looked at anew", async () => {
  await ofOwner("create function greeting() returns text language sql immutable as $$ select 'hello' $$")
  const text = "select greeting()"
  const before = await recorded("asking", text, "alone")
  await ofOwner(
    "create or replace function greeting() returns text language plpgsql stable as $$ begin return (select max(full_name) from patient); end $$",
  )
  const after = await recorded("asking", text, "alone")
  expect({ before, after }).toEqual({ before: [], after: ["greeting()"] })
})
