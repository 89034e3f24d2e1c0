import { generateKeyPairSync } from "node:crypto"
import { type Ask, createWardkeep, type ViewObserver, type Watch } from "@wardkeep/postgres"
import pg from "pg"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { viewedPolicy } from "#tests/fixture/audited.ts"
import { useClient } from "#tests/fixture/client.ts"
import { connected } from "#tests/fixture/clinic.ts"
import { useDatabase } from "#tests/harness/src/use-database.ts"
import { audit } from "../compile/audit.js"
import { eraseSubject } from "../erase/erase.js"
import { timeline, touched, whoSaw } from "../read/read.js"
import { signerFrom } from "../seal/note.js"
import { openSealer } from "../seal/sealer.js"
import { trustedKeys, verifyDatabase } from "../verify/index.js"
import { tablesOfPlan } from "./plan-tables.js"
import { recordViews } from "./recorder.js"

const database = useDatabase()
const used = useClient(database, { policy: viewedPolicy(), extensions: [audit], views: recordViews })

interface Event {
  readonly actor: string
  readonly tenant: string
  readonly relation: string
  readonly subject: string | null
  readonly groups: string[]
  readonly n: number
  readonly detail: { source: string; subjects?: string[]; statement?: string }
}

let log: pg.Client
let patients: string[] = []

/** The views that `work` left in the log, whether it failed or not. */
async function viewed<T>(work: () => Promise<T>): Promise<{ events: Event[]; result: T | undefined; error: unknown }> {
  const before = await log.query("select coalesce(max(id), 0)::text as id from wardkeep_audit.event")
  let result: T | undefined
  let error: unknown
  try {
    result = await work()
  } catch (thrown) {
    error = thrown
  }
  const { rows } = await log.query<Event>(
    "select tenant, branch, actor, role, purpose, session, request, relation, record, subject, groups, n, detail::json from wardkeep_audit.event where verb = 'view' and id > $1 order by id",
    [before.rows[0].id],
  )
  return { events: rows, result, error }
}

const asDoctor = <T>(work: () => Promise<T>): Promise<T> => used.wk.run(used.doctor, { requestId: "r-1" }, work)
const one = "select id, full_name from patient where id = $1"

beforeAll(async () => {
  log = new pg.Client({ connectionString: database.adminUrl })
  await log.connect()
  const { rows } = await log.query("select id from patient where branch_id = $1 order by full_name", [
    used.clinic.branches[0].branch,
  ])
  patients = rows.map(({ id }) => id)
})
afterAll(() => log.end())

describe("a view through the client", () => {
  it("is one event with who, where, why and whose rows they were", async () => {
    const { events, result } = await viewed(() => asDoctor(() => used.wk.query("select id, full_name from patient")))
    const [place] = used.clinic.branches
    expect(result?.rows).toHaveLength(5)
    expect(events).toMatchObject([
      {
        tenant: place.clinic,
        branch: place.branch,
        actor: "doctor-0",
        role: "doctor",
        purpose: "care",
        session: used.doctor.id,
        request: "r-1",
        relation: "public.patient",
        subject: null,
        record: null,
        groups: [],
        n: 5,
        detail: { source: "exact" },
      },
    ])
    expect(events[0]?.detail.subjects?.sort()).toEqual([...patients].sort())
  })

  it("names exactly the person whose row it was, again and again", async () => {
    for (const patient of [patients[0], patients[1], patients[0]]) {
      const { events } = await viewed(() => asDoctor(() => used.wk.query(one, [patient])))
      expect(events).toMatchObject([{ subject: patient, n: 1, detail: { source: "exact" } }])
    }
    const none = await viewed(() => asDoctor(() => used.wk.query(one, ["00000000-0000-0000-0000-000000000000"])))
    expect(none.events).toEqual([])
  })

  it("maps a role's same-shape view to its table, and what the role cannot see was not shown", async () => {
    const { events, result } = await viewed(() => used.wk.run(used.other, () => used.wk.query("select * from patient")))
    expect(result?.rows[0]).toMatchObject({ hiv_status: null })
    expect(events).toMatchObject([
      { relation: "public.patient", actor: "reception-2", n: 5, detail: { source: "exact" } },
    ])
    expect(events[0]?.detail.subjects).toHaveLength(5)
  })

  it("is recorded where the transaction it was in is rolled back, and where it may not write", async () => {
    const undone = await viewed(() =>
      asDoctor(() =>
        used.wk.tx(async (q) => {
          await q.query(one, [patients[0]])
          throw new Error("changed my mind")
        }),
      ),
    )
    expect(undone.events).toMatchObject([{ subject: patients[0] }])
    const readOnly = await viewed(() =>
      asDoctor(() => used.wk.tx({ readOnly: true }, (q) => q.query(one, [patients[1]]))),
    )
    expect(readOnly.events).toMatchObject([{ subject: patients[1] }])
    const written = await viewed(() =>
      asDoctor(() =>
        used.wk.tx(async (q) => {
          const text = "insert into visit (patient_id, reason) values ($1, 'x') returning id"
          const { rows } = await q.query<{ id: string }>(text, [patients[0]])
          await q.query("delete from visit where id = $1", [rows[0]?.id])
        }),
      ),
    )
    // Nobody else sees the row yet, so whose it is cannot be fetched beside its transaction; the write's event names them.
    expect(written.events).toMatchObject([
      { relation: "public.visit", subject: null, detail: { source: "undetermined" } },
    ])
  })

  it("is recorded batch by batch before a stream hands rows over, and before the first byte of a download", async () => {
    const seen: number[] = []
    const streamed = await viewed(() =>
      asDoctor(async () => {
        for await (const _ of used.wk.stream("select id from patient order by id", [], { batch: 2 })) {
          const { rows } = await log.query(
            "select coalesce(sum(n), 0)::int as n from wardkeep_audit.event where verb = 'view' and at > now() - interval '1 hour' and detail like '%exact%' and n <= 2 and relation = 'public.patient' and request = 'r-1' and cardinality(wardkeep_audit.subjects_of(verb, detail)) = 2",
          )
          seen.push(rows[0].n)
        }
      }),
    )
    expect(streamed.events.map(({ n }) => n)).toEqual([2, 2, 1])
    expect(seen).toEqual([2, 2, 4, 4, 4])
    const copied = await viewed(() =>
      asDoctor(async () => {
        for await (const _ of used.wk.copyOut("select full_name from patient")) break
      }),
    )
    expect(copied.events).toMatchObject([
      { relation: "public.patient", subject: null, detail: { source: "undetermined" } },
    ])
  })

  it("is recorded whatever way an ORM asks: a pool's query, a client, array rows, a transaction by text", async () => {
    const { events } = await viewed(() =>
      asDoctor(async () => {
        await used.wk.pool.query(one, [patients[0]])
        const client = await used.wk.pool.connect()
        await client.query({ text: one, values: [patients[1]], rowMode: "array" })
        await client.query("begin")
        await client.query(one, [patients[2]])
        await client.query("rollback")
        client.release()
      }),
    )
    expect(events.map(({ subject }) => subject)).toEqual(patients.slice(0, 3))
  })

  it("needs no session of the pool while callers hold them all", async () => {
    const wk = used.make({ max: 1 })
    const { events } = await viewed(() =>
      wk.run(used.doctor, () =>
        Promise.all(
          patients
            .slice(0, 3)
            .map((patient) => wk.tx((q) => q.query(`select id, phone from patient where id = $1`, [patient]))),
        ),
      ),
    )
    expect(events.map(({ subject }) => subject).sort()).toEqual(patients.slice(0, 3).sort())
  })

  it("works over shared sessions", async () => {
    const wk = used.make({ shared: { connections: 1 } })
    const { events } = await viewed(() =>
      wk.run(used.doctor, () => Promise.all(patients.map((patient) => wk.query(one, [patient])))),
    )
    expect(events.map(({ subject }) => subject).sort()).toEqual([...patients].sort())
  })

  it("names tables that the caller declares for a function", async () => {
    await used.owner((client) =>
      client.query(
        "create function any_name() returns text language plpgsql stable as $$ begin return (select full_name from patient limit 1); end $$",
      ),
    )
    const declared = await viewed(() =>
      asDoctor(() => used.wk.query("select any_name()", [], { reads: ["public.patient"] })),
    )
    expect(declared.events).toMatchObject([
      { relation: "public.patient", groups: ["sensitive"], detail: { source: "declared" } },
    ])
  })
})

describe("a text that was seen before", () => {
  /** A client that counts what it asks beside its statements. */
  function counting(): { wk: ReturnType<typeof used.make>; asked: () => number } {
    let asked = 0
    const inner = recordViews(used.clinic.policy)
    const counted = (ask: Ask): Ask => ({
      ...ask,
      query: (...args) => {
        asked++
        return ask.query(...args)
      },
    })
    const following = (watch: Watch): Watch => ({
      selfRecording: () => watch.selfRecording(),
      expectsNothing: () => watch.expectsNothing(),
      again: () => following(watch.again()),
      row: (...args) => watch.row(...args),
      restart: () => watch.restart(),
      release: (fields, ask) => watch.release(fields, counted(ask)),
    })
    const views: ViewObserver = {
      watch: (call) => following(inner.watch(call)),
      copying: (call, ask) => inner.copying(call, ask),
    }
    const take = (): number => {
      const now = asked
      asked = 0
      return now
    }
    return { wk: used.make({ views }), asked: take }
  }

  it("records its view in its own round trip, with the same rows in the same order", async () => {
    const { wk, asked } = counting()
    const text =
      "select id, full_name, 1 as n, 1 as n from patient where full_name <> $1 order by full_name desc -- by name"
    const execute = () => viewed(() => wk.run(used.doctor, () => wk.query(text, ["x"])))
    const first = await execute()
    expect(asked()).toBeGreaterThan(0)
    const second = await execute()
    expect(asked()).toBe(0)
    expect(second.result).toEqual(first.result)
    expect(second.events).toEqual(first.events)
    expect(second.events[0]?.detail.subjects).toHaveLength(5)
  })

  it("takes the second round trip where whose rows they are is asked, where it may write, and inside a transaction", async () => {
    const { wk, asked } = counting()
    for (const text of ["select id, reason from visit", "select id from patient for update"])
      for (let time = 0; time < 2; time++) {
        asked()
        await wk.run(used.doctor, () => wk.query(text))
        expect(asked(), text).toBeGreaterThan(0)
      }
    await wk.run(used.doctor, () => wk.query(one, [patients[0]]))
    asked()
    await wk.run(used.doctor, () => wk.tx((q) => q.query(one, [patients[0]])))
    expect(asked()).toBe(1)
  })

  it("is planned without its values, so that partitions and tables which some values rule out are seen", async () => {
    const doctor = `wk_${used.clinic.policy.deployment}_r_doctor`
    await used.owner((client) =>
      client.query(
        `create table part (k integer not null, v text) partition by range (k);
         create table part_low partition of part for values from (0) to (10);
         create table part_high partition of part for values from (10) to (20);
         grant select on part to ${doctor}`,
      ),
    )
    try {
      let planned: unknown
      const views: ViewObserver = {
        watch: ({ text, parameters }) => ({
          selfRecording: () => undefined,
          expectsNothing: () => false,
          again: () => expect.unreachable(),
          row: () => undefined,
          restart: () => undefined,
          release: async (_, ask) => {
            planned = await ask.plan(text, parameters)
          },
        }),
        copying: async () => undefined,
      }
      const wk = used.make({ views })
      await wk.run(used.doctor, () => wk.query("select v from part where k = $1 and $1 is not null", [1]))
      const relations = tablesOfPlan(planned).scans.map(({ relation }) => relation)
      expect(relations).toEqual(expect.arrayContaining(["public.part_low", "public.part_high"]))
    } finally {
      await used.owner((client) => client.query("drop table part"))
    }
  })

  it("says of a wrong value what its own text says, and shows nothing unrecorded", async () => {
    const { wk } = counting()
    const text = "select id, 1 / length($1::text) as n from patient"
    await wk.run(used.doctor, () => wk.query(text, ["x"]))
    const { error, events } = await viewed(() => wk.run(used.doctor, () => wk.query(text, [""])))
    expect(error).toMatchObject({ code: "22012" })
    expect(events).toEqual([])
    const cast = await viewed(() => wk.run(used.doctor, () => wk.query("select id from patient where id = $1", ["x"])))
    expect(cast.error).toMatchObject({ code: "22P02" })
  })
})

describe("rows whose view cannot be recorded", () => {
  it("are not handed over, and a write that shows them is undone", async () => {
    await log.query("alter function wardkeep_audit.record_view rename to record_view_away")
    try {
      const read = await viewed(() => asDoctor(() => used.wk.query(one, [patients[0]])))
      expect(read.error).toMatchObject({ code: "WK411" })
      const text = "update patient set phone = 'lost' where id = $1 returning id"
      const written = await viewed(() => asDoctor(() => used.wk.query(text, [patients[0]])))
      expect(written.error).toMatchObject({ code: "WK411" })
      const { rows } = await log.query("select phone from patient where id = $1", [patients[0]])
      expect(rows[0].phone).not.toBe("lost")
      const caught = await viewed(() =>
        asDoctor(() => used.wk.tx((q) => q.query(text, [patients[0]]).catch(() => undefined))),
      )
      expect(caught.error).toMatchObject({ code: "WK103", cause: { code: "WK411" } })
      await asDoctor(() =>
        used.wk.tx(async (q) => {
          await q.tx((inner) => inner.query(text, [patients[0]])).catch(() => undefined)
          await q.query("update patient set phone = 'kept' where id = $1", [patients[0]])
        }),
      )
      const kept = await log.query("select phone from patient where id = $1", [patients[0]])
      expect(kept.rows[0].phone).toBe("kept")
      const rows_: unknown[] = []
      const streamed = await viewed(() =>
        asDoctor(async () => {
          for await (const row of used.wk.stream(one, [patients[0]])) rows_.push(row)
        }),
      )
      expect(streamed.error).toMatchObject({ code: "WK411" })
      expect(rows_).toEqual([])
    } finally {
      await log.query("alter function wardkeep_audit.record_view_away rename to record_view")
    }
    expect((await viewed(() => asDoctor(() => used.wk.query(one, [patients[0]])))).events).toHaveLength(1)
  })

  it("are those of a client that nobody told how", () => {
    const { policy } = used.clinic
    const pool = { connectionString: database.appUrl(used.clinic.logins.app) }
    expect(() => createWardkeep({ pool, policy })).toThrowError(expect.objectContaining({ code: "WK009" }))
  })
})

describe("with the application's own login", () => {
  const asApp = <T>(work: (client: pg.Client) => Promise<T>): Promise<T> =>
    connected(database.appUrl(used.clinic.logins.app), work)
  const forged = (over: object): string =>
    JSON.stringify([{ relation: "public.patient", subjects: ["p"], n: 1, source: "exact", ...over }])

  it("an event without a context, or of a table that is not recorded, is refused", async () => {
    await asApp(async (client) => {
      await expect(client.query("select wardkeep_audit.record_views($1)", [forged({})])).rejects.toMatchObject({
        code: "42501",
      })
      await client.query("begin")
      await client.query(`set local role wk_${used.clinic.policy.deployment}_r_doctor`)
      await expect(client.query("select wardkeep_audit.record_views($1)", [forged({})])).rejects.toMatchObject({
        code: "WK101",
      })
    })
    for (const relation of ["public.staff", "wardkeep_audit.event", null]) {
      const text = "select wardkeep_audit.record_views($1)"
      const call = asDoctor(() => used.wk.query(text, [forged({ relation })]))
      await expect(call, `${relation}`).rejects.toMatchObject({ code: "WK411" })
    }
  })

  it("an event is always the caller's own, whatever it says of itself", async () => {
    const said = { actor: "somebody", tenant: used.clinic.branches[2].clinic, verb: "delete", session: null }
    const { events } = await viewed(() =>
      asDoctor(() => used.wk.query("select wardkeep_audit.record_views($1)", [forged(said)])),
    )
    expect(events).toMatchObject([{ actor: "doctor-0", tenant: used.clinic.branches[0].clinic, subject: "p" }])
  })

  it("the log itself can be neither read nor written", async () => {
    for (const text of ["select * from wardkeep_audit.event", "delete from wardkeep_audit.event returning id"])
      await expect(asDoctor(() => used.wk.query(text))).rejects.toMatchObject({ code: "42501" })
    await expect(asDoctor(() => used.wk.query("select wardkeep_audit.viewed_tables()"))).rejects.toMatchObject({
      code: "42501",
    })
  })
})

describe("who saw a person", () => {
  it("is answered from what was recorded, says what it cannot rule out, and does not name the others", async () => {
    const tenant = used.clinic.branches[0].clinic
    const asked = { tenant, reason: "request 17" }
    const [subject = ""] = patients
    const seen = await used.owner((client) => whoSaw({ client, ...asked, subject }))
    expect(seen.rows.length).toBeGreaterThan(5)
    expect(new Set(seen.rows.map(({ persons }) => persons))).toContain(1)
    expect(seen.rows.find(({ persons }) => persons === 5)).toMatchObject({
      actor: "doctor-0",
      n: 5,
      relation: "public.patient",
    })
    expect(seen.coverage.views).toBe(3)
    expect(seen.coverage.undetermined).toBeGreaterThan(0)
    expect(JSON.stringify(seen.rows)).not.toContain(patients[1])
    const line = await used.owner((client) => timeline({ client, ...asked, subject }))
    expect(JSON.stringify(line.rows)).not.toContain(patients[1])
    expect(line.rows.filter(({ verb }) => verb === "view").length).toBeGreaterThan(5)
    const by = await used.owner((client) =>
      touched({ client, ...asked, actor: "doctor-0", subject: patients[4] ?? "" }),
    )
    expect(by.rows).toMatchObject([{ subject: patients[4], verbs: ["view"] }])
    const plan = await used.owner(async (client) => {
      await client.query("set enable_seqscan = off")
      const { rows } = await client.query(
        "explain select from wardkeep_audit.event e where e.tenant = 't' and (e.subject = 's' or e.verb = 'view' and e.subject is null and wardkeep_audit.subjects_of(e.verb, e.detail) @> array['s'])",
      )
      return JSON.stringify(rows)
    })
    expect(plan).not.toContain("Seq Scan")
  })

  it("can be sealed and verified, and a person erased from a list leaves the others and every proof", async () => {
    const { privateKey, publicKey } = generateKeyPairSync("ed25519")
    const signer = signerFrom(privateKey.export({ type: "pkcs8", format: "pem" }).toString())
    const keys = trustedKeys([publicKey.export({ type: "spki", format: "pem" }).toString()])
    const seal = () =>
      used.owner(async (client) => {
        const sealer = await openSealer({ client, deployment: used.clinic.policy.deployment, signer, heartbeat: 0 })
        try {
          return await sealer.seal()
        } finally {
          await sealer.close()
        }
      })
    const verdicts = async (): Promise<string[]> =>
      (await verifyDatabase({ client: log, keys })).verdicts.map(({ name }) => name)
    await seal()
    expect(await verdicts()).toEqual([])
    const tenant = used.clinic.branches[0].clinic
    const [gone = "", stays = ""] = patients
    const before = await used.owner((client) => whoSaw({ client, tenant, subject: stays, reason: "before" }))
    await seal()
    await used.owner((client) => eraseSubject({ client, tenant, subject: gone, reason: "request 18" }))
    await seal()
    expect(await verdicts()).toEqual([])
    const after = await used.owner((client) => whoSaw({ client, tenant, subject: stays, reason: "after" }))
    const whenAndWhat = ({ rows }: typeof before) =>
      rows.map(({ at, actor, relation, n }) => [at, actor, relation, n].join()).sort()
    expect(whenAndWhat(after)).toEqual(whenAndWhat(before))
    const to = before.rows[0]?.at ?? ""
    const until = await used.owner((client) => whoSaw({ client, tenant, subject: stays, reason: "until then", to }))
    expect(whenAndWhat(until)).toEqual(whenAndWhat(before))
    expect((await used.owner((client) => whoSaw({ client, tenant, subject: gone, reason: "after" }))).rows).toEqual([])
    const { rows } = await log.query(
      "select count(*)::int as n from wardkeep_audit.event where detail like $1 or subject = $2",
      [`%${gone}%`, gone],
    )
    // The question of a moment ago is an event about the person.
    expect(rows[0].n).toBe(1)
    await log.query(
      "update wardkeep_audit.event set detail = replace(detail, 'exact', 'fetched') where detail like '%exact%'",
    )
    expect(new Set(await verdicts())).toContain("EDITED")
  })
})
