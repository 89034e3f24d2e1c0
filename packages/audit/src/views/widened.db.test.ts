import { beforeAll, describe, expect, it } from "vitest"
import { viewedPolicy } from "#tests/fixture/audited.ts"
import { useClient } from "#tests/fixture/client.ts"
import { knownRows, runRandomReads } from "#tests/fixture/random-read-runs.ts"
import type { Known } from "#tests/fixture/random-reads.ts"
import { useDatabase } from "#tests/harness/src/use-database.ts"
import { audit } from "../compile/audit.js"
import { recordViews } from "./recorder.js"

const database = useDatabase()
const used = useClient(database, { policy: viewedPolicy(), extensions: [audit], views: recordViews })
let known: Known

beforeAll(async () => {
  known = await knownRows(used)
})

interface Event {
  readonly relation: string
  readonly source: string
  readonly persons: number
  readonly named: string[]
  readonly n: number
}

/** The events that `work` left. */
async function viewed(work: () => Promise<unknown>): Promise<Event[]> {
  const [before] = await used.admin<{ id: string }>("select coalesce(max(id), 0)::text as id from wardkeep_audit.event")
  await work()
  return await used.admin<Event>(
    `select relation, n, detail::json ->> 'source' as source,
       coalesce(cardinality(wardkeep_audit.subjects_of(verb, detail)), num_nonnulls(subject)) as persons,
       coalesce(wardkeep_audit.subjects_of(verb, detail), array_remove(array[subject], null)) as named
       from wardkeep_audit.event where verb = 'view' and id > $1 order by relation`,
    [before?.id],
  )
}
const asDoctor = <T>(work: () => Promise<T>): Promise<T> => used.wk.run(used.doctor, work)
const ofOwner = (text: string): Promise<unknown> => used.owner((client) => client.query(text))

describe("columns that the client adds", () => {
  it("name whose rows went into random statements, and are not handed over", async () => {
    const seed = Number(process.env.WARDKEEP_FUZZ_SEED ?? Date.now() % 2 ** 31)
    process.stdout.write(`added columns: seed ${seed}\n`)
    const { pairs, exact } = await runRandomReads({ used, database, known }, seed, 12)
    expect(exact, `seed ${seed}`).toBeGreaterThan(pairs / 2)
  })

  it("are cut off rows as objects, of one name several times, and of columns named like them", async () => {
    const text =
      'select p.full_name, p.full_name, p.phone as wk_1, 1 as "wk_shown", count(*) as to_json from patient p group by 1, 3 order by 1, 3'
    const [plain, inside] = await asDoctor(async () => {
      const alone = await used.wk.query(text)
      expect((await used.wk.query(text)).rows).toEqual(alone.rows)
      return [alone, await used.wk.tx((q) => q.query(text))]
    })
    expect(plain.fields.map(({ name }) => name)).toEqual(["full_name", "full_name", "wk_1", "wk_shown", "to_json"])
    expect(inside).toEqual(plain)
    expect(Object.keys(plain.rows[0] ?? {})).toEqual(["full_name", "wk_1", "wk_shown", "to_json"])
  })

  it("keep the order in which a transaction's statements were called, a first text before one that is known", async () => {
    await asDoctor(() => used.wk.query("select full_name as known_text from patient"))
    const done: string[] = []
    const [first, second] = await asDoctor(() =>
      used.wk.tx(async (q) => {
        const all = [
          q.query<{ at: string; t: string }>("select full_name, clock_timestamp()::text as t from patient limit 1"),
          q.query<{ at: string; t: string }>("select clock_timestamp()::text as t"),
        ]
        for (const [at, each] of all.entries()) each.then(() => done.push(String(at)))
        return await Promise.all(all)
      }),
    )
    expect(String(first?.rows[0]?.t) < String(second?.rows[0]?.t)).toBe(true)
    expect(done.sort()).toEqual(["0", "1"])
  })

  it("do not execute a statement twice: what it counts by a volatile function is counted once", async () => {
    await ofOwner("create sequence turns; grant usage on sequence turns to public")
    const text = "select full_name, nextval('turns')::int as turn from patient order by id limit 3"
    for (let time = 0; time < 3; time++) {
      const { rows } = await asDoctor(() => used.wk.query<{ turn: number }>(text))
      expect(rows).toHaveLength(3)
    }
    const rows = await asDoctor(() => used.wk.tx((q) => q.query<{ turn: number }>(text)))
    const turns = rows.rows.map(({ turn }) => turn)
    // Each execution takes one number for each row that it sorts.
    expect(Math.max(...turns)).toBeLessThanOrEqual(4 * known.patients.length)
  })

  it("name nobody of an aggregate over more than a thousand persons, and the persons of one over as many", async () => {
    await asDoctor(() =>
      used.wk.query("insert into patient (full_name, phone) select 'many', 'm' || i from generate_series(1, 1001) i"),
    )
    for (const [condition, source, persons] of [
      ["full_name = 'many'", "undetermined", 0],
      ["full_name = 'many' and phone <> 'm1'", "exact", 1000],
    ] as const) {
      const text = `select count(*)::int as n from patient where ${condition}`
      const event = { relation: "public.patient", source, persons, n: 1 }
      expect(await viewed(() => asDoctor(() => used.wk.query(text)))).toMatchObject([event])
      expect(await viewed(() => asDoctor(() => used.wk.query(text)))).toMatchObject([event])
      expect(await viewed(() => asDoctor(() => used.wk.tx((q) => q.query(text))))).toMatchObject([event])
    }
  })

  it("are no lists where the planner expects to read more rows than could be named", async () => {
    const texts = (about: string): string[] => [
      `select count(*) as ${about} from visit`,
      `select reason, max(id::text) as ${about} from visit group by reason`,
      `select distinct reason as ${about} from visit`,
    ]
    const sources = async (about: string): Promise<string[]> => {
      const found: string[] = []
      for (const text of texts(about))
        for (const { source } of await viewed(() => asDoctor(() => used.wk.query(text)))) found.push(source)
      return found
    }
    expect(await sources("few")).toEqual(["exact", "exact", "exact"])
    // What a large table looks like to the planner; ANALYZE tells it the truth again.
    await used.admin("alter table visit set (autovacuum_enabled = off)")
    await used.admin("delete from pg_statistic where starelid = 'visit'::regclass")
    await used.admin("update pg_class set reltuples = 1e12, relpages = 1 where oid = 'visit'::regclass")
    expect(await sources("many")).toEqual(["undetermined", "undetermined", "undetermined"])
    await used.admin("analyze visit")
    expect(await sources("again")).toEqual(["exact", "exact", "exact"])
  })

  it("are looked for anew where the table changed: no column of the caller's is cut, and no view is lost", async () => {
    await ofOwner("create table tooth (like visit including all); alter table visit add column extra text default 'x'")
    const of = "p.full_name from patient p join visit v on v.patient_id = p.id"
    const texts = [`select v.*, ${of}`, `select v.*, p.phone, ${of}`, `select distinct v.*, ${of}`]
    for (const text of texts) await viewed(() => asDoctor(() => used.wk.query(text)))
    const early = "select distinct more from visit"
    await expect(asDoctor(() => used.wk.query(early))).rejects.toMatchObject({ code: "42703" })
    await ofOwner("alter table visit add column more text default 'y'")
    const patients = new Set(known.patients.map(({ id }) => id))
    for (const [at, text] of texts.entries())
      for (const inTransaction of at === 0 ? [true, false, false] : [false, false, true, false]) {
        const events = await viewed(() =>
          asDoctor(async () => {
            const query = (): Promise<{ rows: Record<string, unknown>[] }> =>
              inTransaction ? used.wk.tx((q) => q.query(text)) : used.wk.query(text)
            // A prepared statement of another result is refused once, as without views.
            const { rows } = await query().catch(query)
            const names = ["extra", "more", ...(at === 1 ? ["phone"] : []), "full_name"]
            expect(Object.keys(rows[0] ?? {}).slice(-names.length)).toEqual(names)
            expect(rows.every(({ extra, more }) => extra === "x" && more === "y")).toBe(true)
          }),
        )
        expect(events.map(({ relation }) => relation)).toEqual(["public.patient", "public.visit"])
        for (const { named } of events) expect(named.filter((person) => !patients.has(person))).toEqual([])
      }
    for (const text of texts)
      expect(await viewed(() => asDoctor(() => used.wk.query(text)))).toMatchObject([
        { source: "exact" },
        { source: "exact" },
      ])
    expect(await viewed(() => asDoctor(() => used.wk.query(early)))).toMatchObject([{ source: "exact" }])
  })

  it("change no order: what the text calls by a name is still what it was", async () => {
    const nobody = "00000000-0000-0000-0000-000000000000"
    const of = `from visit v right join (values ('${nobody}'::uuid, 'nobody'), ($1::uuid, 'somebody')) x(patient_id, who) using (patient_id)`
    const values = [known.visits[0]?.patient_id]
    for (const text of [
      `select x.who, v.reason ${of} order by patient_id limit 1`,
      `select distinct on (patient_id) x.who, v.reason ${of} order by patient_id limit 1`,
    ])
      for (let time = 0; time < 2; time++) {
        const { rows } = await asDoctor(() => used.wk.query(text, values))
        expect(rows).toEqual([{ who: "nobody", reason: null }])
      }
    const named = "select upper(full_name) as id from patient order by id"
    expect(await viewed(() => asDoctor(() => used.wk.query(named)))).toMatchObject([{ source: "exact" }])
  })

  it.each([
    "select s.full_name from (select full_name from patient) s",
    "select full_name from patient union all select 'x'",
    "(select full_name from patient limit 1)",
    "select (select max(full_name) from patient) as m",
    "select p.full_name from (select id as other, full_name from patient) p join (select null::uuid as id) q on true",
    "select count(*) from (select distinct full_name from patient) s",
    "select s.n from (select full_name, count(*) as n from patient group by 1) s",
    "select full_name, count(*) over () from patient",
    "select a.full_name from patient a join patient b on b.id <> a.id limit 2",
    "with s as (select max(full_name) as m from patient) select m from s",
  ])("are none where whose rows went in cannot be told: %s", async (text) => {
    const event = { relation: "public.patient", source: "undetermined", persons: 0 }
    for (let time = 0; time < 2; time++)
      expect(await viewed(() => asDoctor(() => used.wk.query(text)))).toMatchObject([event])
    expect(await viewed(() => asDoctor(() => used.wk.tx((q) => q.query(text))))).toMatchObject([event])
  })
})
