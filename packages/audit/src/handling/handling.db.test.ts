import { createHash, randomBytes, randomUUID } from "node:crypto"
import type { Session } from "@wardkeep/postgres"
import pg from "pg"
import { beforeAll, describe, expect, it } from "vitest"
import { useClient } from "#tests/fixture/client.ts"
import { policyWithHandling } from "#tests/fixture/policy.ts"
import { useDatabase } from "#tests/harness/src/use-database.ts"
import { audit } from "../compile/audit.js"
import { openShare, revokeShare, share } from "./share.js"
import { download, exportRows, print, type Transfer } from "./transfer.js"

const database = useDatabase()
const used = useClient(database, {
  policy: policyWithHandling(`h${randomBytes(4).toString("hex")}`),
  extensions: [audit],
})

interface Event {
  readonly verb: string
  readonly relation: string
  readonly record: string | null
  readonly subject: string | null
  readonly actor: string
  readonly tenant: string
  readonly groups: string[]
  readonly n: number
  readonly detail: Record<string, unknown>
}

let patients: string[] = []
let foreign = ""
let elsewhere = ""
let reception: Session

async function events(work: () => Promise<unknown>): Promise<Event[]> {
  const [before] = await used.admin<{ id: string }>("select coalesce(max(id), 0)::text as id from wardkeep_audit.event")
  await work()
  return await used.admin<Event>(
    "select verb, relation, record, subject, actor, tenant, groups, n, detail::json from wardkeep_audit.event where id > $1 order by id",
    [before?.id],
  )
}

const asDoctor = <T>(work: () => Promise<T>): Promise<T> => used.wk.run(used.doctor, work)

async function* chunks(...parts: string[]): AsyncGenerator<string> {
  yield* parts
}

async function read(transfer: Transfer): Promise<string> {
  const parts: Buffer[] = []
  for await (const chunk of transfer) parts.push(chunk)
  return Buffer.concat(parts).toString()
}

beforeAll(async () => {
  const of = async (branch: number): Promise<string[]> => {
    const place = used.clinic.branches[branch]
    const rows = await used.admin<{ id: string }>("select id from patient where branch_id = $1 order by id", [
      place?.branch,
    ])
    return rows.map(({ id }) => id)
  }
  patients = await of(0)
  elsewhere = (await of(1))[0] ?? ""
  foreign = (await of(2))[0] ?? ""
  reception = await used.newSession("reception", 0)
})

describe("a download", () => {
  it("is an event before its first byte, and another with bytes and SHA-256 behind its last", async () => {
    const [patient = ""] = patients
    let whenRead: Event[] = []
    const told = await events(() =>
      asDoctor(async () => {
        const source = async function* (): AsyncGenerator<string> {
          whenRead = await used.admin<Event>("select verb, subject from wardkeep_audit.event where verb = 'download'")
          yield "first "
          yield "second"
        }
        const what = { relation: "public.patient", records: [patient], file: "chart.pdf", filters: { kind: "chart" } }
        const transfer = await download(used.wk, what, source())
        expect(transfer.end).toBeUndefined()
        expect(await read(transfer)).toBe("first second")
        expect(transfer.end).toMatchObject({ outcome: "completed", bytes: 12 })
      }),
    )
    expect(whenRead).toEqual([{ verb: "download", subject: patient }])
    const sha256 = createHash("sha256").update("first second").digest("hex")
    expect(told).toMatchObject([
      {
        verb: "download",
        relation: "public.patient",
        record: patient,
        subject: patient,
        actor: "doctor-0",
        tenant: used.clinic.branches[0].clinic,
        groups: ["sensitive"],
        n: 1,
        detail: { phase: "begun", file: "chart.pdf", filters: { kind: "chart" } },
      },
      { verb: "download", subject: patient, detail: { phase: "completed", bytes: 12, sha256 } },
    ])
    expect(told[0]?.detail.transfer).toBe(told[1]?.detail.transfer)
  })

  it("is aborted where its reader leaves or its source fails, with what had left by then", async () => {
    const [patient = ""] = patients
    const what = { relation: "public.patient", records: [patient] }
    const left = await events(() =>
      asDoctor(async () => {
        for await (const chunk of await download(used.wk, what, chunks("one", "two"))) {
          expect(chunk.toString()).toBe("one")
          break
        }
      }),
    )
    expect(left.at(-1)?.detail).toMatchObject({
      phase: "aborted",
      bytes: 3,
      sha256: createHash("sha256").update("one").digest("hex"),
    })
    const failed = await events(() =>
      asDoctor(async () => {
        const source = async function* (): AsyncGenerator<string> {
          yield "one"
          throw new Error("the disk is gone")
        }
        await expect(download(used.wk, what, source()).then(read)).rejects.toThrow("the disk is gone")
      }),
    )
    expect(failed.at(-1)?.detail).toMatchObject({ phase: "aborted", bytes: 3 })
  })

  it("is recorded in the context it was begun in, wherever it is read", async () => {
    const transfer = await asDoctor(() =>
      download(used.wk, { relation: "public.patient", records: patients }, chunks("a")),
    )
    const told = await events(() => read(transfer))
    expect(told).toMatchObject([{ actor: "doctor-0", subject: null, detail: { phase: "completed", bytes: 1 } }])
    await expect(read(transfer)).rejects.toMatchObject({ code: "WK433" })
  })

  it("names each of several persons in an event of their own", async () => {
    const told = await events(() =>
      asDoctor(() => download(used.wk, { relation: "public.patient", records: patients }, chunks())),
    )
    expect(told.map(({ subject }) => subject).sort()).toEqual([...patients].sort())
    expect(new Set(told.map(({ detail }) => detail.transfer)).size).toBe(1)
  })

  it("reads no byte where it is refused, and the refusal is recorded without the record", async () => {
    const [patient = ""] = patients
    let isRead = false
    const source = async function* (): AsyncGenerator<string> {
      isRead = true
      yield "x"
    }
    const refused = async (session: Session, what: Parameters<typeof download>[1], code: string): Promise<void> => {
      const told = await events(() =>
        used.wk.run(
          session,
          async () => await expect(download(used.wk, what, source())).rejects.toMatchObject({ code }),
        ),
      )
      expect(told).toMatchObject([{ verb: "deny", record: null, subject: null, detail: { action: "download" } }])
      expect(JSON.stringify(told)).not.toContain(what.records?.[0])
    }
    await refused(reception, { relation: "public.patient", records: [patient] }, "WK430")
    await refused(used.doctor, { relation: "public.note", records: [patient] }, "WK430")
    await refused(used.doctor, { relation: "public.patient", records: [foreign] }, "WK431")
    await refused(used.doctor, { relation: "public.patient", records: [elsewhere] }, "WK431")
    await refused(used.doctor, { relation: "public.patient", records: [patient, randomUUID()] }, "WK431")
    await refused(used.doctor, { relation: "public.patient", records: ["no key"] }, "WK431")
    // The role may hand out certain visits only.
    await refused(used.doctor, { relation: "public.visit", records: [] }, "WK430")
    expect(isRead).toBe(false)
    const many = Array.from({ length: 1001 }, () => randomUUID())
    await asDoctor(async () => {
      const wanted = { code: "WK434" }
      await expect(download(used.wk, { relation: "public.patient", records: many }, source())).rejects.toMatchObject(
        wanted,
      )
      await expect(used.wk.tx(() => download(used.wk, { relation: "public.patient" }, source()))).rejects.toMatchObject(
        { code: "WK103" },
      )
    })
    await expect(download(used.wk, { relation: "public.patient" }, source())).rejects.toMatchObject({ code: "WK101" })
  })

  it("follows the condition of its cell, and not that of reading", async () => {
    const [place] = used.clinic.branches
    const old = randomUUID()
    await asDoctor(() =>
      used.wk.query(
        "insert into visit (clinic_id, branch_id, id, patient_id, reason, at) values ($1, $2, $3, $4, 'old', now() - interval '8 days')",
        [place.clinic, place.branch, old, patients[0]],
      ),
    )
    const [recent] = await used.admin<{ id: string }>(
      "select id from visit where branch_id = $1 and at > now() - interval '1 hour' limit 1",
      [place.branch],
    )
    await asDoctor(async () => {
      await expect(download(used.wk, { relation: "public.visit", records: [old] }, chunks())).rejects.toMatchObject({
        code: "WK431",
      })
      await read(await download(used.wk, { relation: "public.visit", records: [recent?.id ?? ""] }, chunks("x")))
    })
  })

  it("hands out the columns of the cell only, and asks for the second factor that the cell asks for", async () => {
    const [patient = ""] = patients
    await used.wk.run(reception, async () => {
      const what = { relation: "public.patient", records: [patient] }
      await expect(print(used.wk, what, chunks())).rejects.toMatchObject({ code: "WK430" })
      await expect(print(used.wk, { ...what, columns: ["hiv_status"] }, chunks())).rejects.toMatchObject({
        code: "WK430",
      })
      const told = await events(async () =>
        read(await print(used.wk, { ...what, columns: ["full_name"] }, chunks("x"))),
      )
      expect(told[0]).toMatchObject({ verb: "print", groups: [] })
    })
    const [place] = used.clinic.branches
    const stale = await used.issuer.issueSession({
      actor: "doctor-0",
      mfaAt: new Date(Date.now() - 3_600_000),
      ttl: "PT1H",
      assignments: [{ tenant: place.clinic, branches: [place.branch], role: "doctor", purposes: ["care"] }],
    })
    const all = "select id, full_name from patient"
    await used.wk.run(stale, async () => {
      await expect(exportRows(used.wk, { relation: "public.patient" }, all)).rejects.toMatchObject({ code: "WK204" })
    })
    const told = await events(() =>
      asDoctor(async () => read(await exportRows(used.wk, { relation: "public.patient" }, all))),
    )
    expect(told).toMatchObject([
      { verb: "export", subject: null, detail: { phase: "begun" } },
      { verb: "export", n: 5, detail: { phase: "completed", rows: 5 } },
    ])
  })
})

describe("a share", () => {
  const until = (): Date => new Date(Date.now() + 3_600_000)
  const shared = (opens?: number) =>
    asDoctor(() =>
      share(used.wk, {
        relation: "public.patient",
        record: patients[0] ?? "",
        recipient: "Dr Rao",
        until: until(),
        ...(opens !== undefined && { opens }),
      }),
    )

  it("opens once with its code, and each opening is an event with the watermark's facts", async () => {
    let code = ""
    const told = await events(async () => {
      const made = await shared()
      code = made.code
      expect(made.watermark).toMatch(/^For Dr Rao, for care, from doctor-0, until .* UTC, no\. /)
      await used.wk.run(reception, async () => {
        const opened = await openShare(used.wk, {
          id: made.id,
          code: ` ${made.code.toLowerCase().replaceAll("-", " ")}`,
        })
        expect(opened).toMatchObject({
          relation: "public.patient",
          record: patients[0],
          watermark: made.watermark,
          left: 0,
        })
        await expect(openShare(used.wk, made)).rejects.toMatchObject({ code: "WK432" })
      })
    })
    expect(told).toMatchObject([
      { verb: "share", subject: patients[0], actor: "doctor-0", detail: { phase: "begun", recipient: "Dr Rao" } },
      {
        verb: "share",
        subject: patients[0],
        actor: "reception-0",
        detail: { phase: "opened", recipient: "Dr Rao", opened: 1 },
      },
      { verb: "deny", subject: null, detail: { code: "WK432" } },
    ])
    const plain = code.replaceAll("-", "")
    const kept = await used.admin<{ text: string }>(
      "select s::text as text from wardkeep_audit.share s union all select e::text from wardkeep_audit.event e",
    )
    expect(kept.filter(({ text }) => text.includes(plain) || text.includes(code))).toEqual([])
  })

  it("is locked after five wrong codes, also for the right one", async () => {
    const made = await shared(5)
    await used.wk.run(reception, async () => {
      for (let n = 0; n < 5; n++)
        await expect(openShare(used.wk, { id: made.id, code: "0000" })).rejects.toMatchObject({ code: "WK432" })
      await expect(openShare(used.wk, made)).rejects.toMatchObject({ code: "WK432" })
    })
  })

  it("opens no more when it was revoked, in another branch or in another clinic", async () => {
    const made = await shared(5)
    await used.wk.run(used.other, async () => {
      await expect(openShare(used.wk, made)).rejects.toMatchObject({ code: "WK432" })
      expect(await revokeShare(used.wk, made.id)).toBe(false)
    })
    const nextDoor = await used.newSession("doctor", 1)
    await used.wk.run(nextDoor, { purpose: "care" }, async () => {
      await expect(openShare(used.wk, made)).rejects.toMatchObject({ code: "WK432" })
      expect(await revokeShare(used.wk, made.id)).toBe(false)
    })
    await asDoctor(async () => {
      await openShare(used.wk, made)
      expect(await revokeShare(used.wk, made.id)).toBe(true)
      expect(await revokeShare(used.wk, made.id)).toBe(false)
      await expect(openShare(used.wk, made)).rejects.toMatchObject({ code: "WK432" })
    })
  })

  it("is of one record of this branch, with a recipient, for a month at most", async () => {
    const good = { relation: "public.patient", record: patients[0] ?? "", recipient: "Dr Rao", until: until() }
    await asDoctor(async () => {
      for (const bad of [
        { recipient: " " },
        { until: new Date(Number.NaN) },
        { until: new Date(0) },
        { until: new Date(Date.now() + 33 * 86_400_000) },
        { opens: 0 },
      ])
        await expect(share(used.wk, { ...good, ...bad })).rejects.toMatchObject({ code: "WK434" })
      await expect(share(used.wk, { ...good, record: elsewhere })).rejects.toMatchObject({ code: "WK431" })
    })
    await used.wk.run(reception, async () => {
      await expect(share(used.wk, good)).rejects.toMatchObject({ code: "WK430" })
    })
  })
})

describe("the application's own login", () => {
  it("reaches no table of it, ends no transfer of another session, and begins none without a context", async () => {
    const transfer = await asDoctor(() =>
      download(used.wk, { relation: "public.patient", records: patients }, chunks("a")),
    )
    const end = JSON.stringify({ transfer: transfer.id, outcome: "completed", bytes: 1, sha256: "0".repeat(64) })
    const again = await used.newSession("doctor", 0, ["care"])
    await used.wk.run(again, async () => {
      await expect(used.wk.query("select wardkeep_audit.end_handling($1::jsonb)", [end])).rejects.toMatchObject({
        code: "WK433",
      })
      for (const table of ["share", "transfer", "denial", "event"])
        await expect(used.wk.query(`select * from wardkeep_audit.${table}`)).rejects.toMatchObject({ code: "42501" })
      for (const inner of [
        "within_rate('x', null, 'deny')",
        "note_denied(null, '', '', '', 1)",
        "handled(null, 'share', 'public.patient', '{}')",
        "record_failed_login('', 'x', 'y')",
      ])
        await expect(used.wk.query(`select wardkeep_audit.${inner}`)).rejects.toMatchObject({ code: "42501" })
    })
    const login = new pg.Client({ connectionString: database.appUrl(used.clinic.logins.app) })
    await login.connect()
    try {
      await expect(login.query("select wardkeep_audit.begin_handling('{}')")).rejects.toMatchObject({ code: "42501" })
      await login.query(`set role wk_${used.clinic.policy.deployment}_r_doctor`)
      const what = JSON.stringify({ verb: "download", relation: "public.patient" })
      await expect(login.query("select wardkeep_audit.begin_handling($1)", [what])).rejects.toMatchObject({
        code: "WK101",
      })
    } finally {
      await login.end()
    }
  })

  it("fills no disk with refusals: ten a minute are events, and the rest is a number", async () => {
    const session = await used.newSession("reception", 0)
    const told = await events(() =>
      used.wk.run(session, async () => {
        for (let n = 0; n < 40; n++)
          await used.wk.query("select wardkeep_audit.record_denied($1::jsonb)", [
            JSON.stringify({ code: "42501", relation: `a secret ${n}` }),
          ])
      }),
    )
    // The minute may have changed once meanwhile.
    expect(told.length).toBeGreaterThanOrEqual(10)
    expect(told.length).toBeLessThanOrEqual(21)
    expect(told.every(({ relation }) => relation === "")).toBe(true)
    const counted = async (): Promise<number> => {
      const [row] = await used.admin<{ n: number }>(
        `select (select sum(more) from wardkeep_audit.denial where session = $1)::int +
          (select coalesce(sum(n), 0) from wardkeep_audit.event where verb = 'deny' and session = $1)::int as n`,
        [session.id],
      )
      return row?.n ?? 0
    }
    expect(await counted()).toBe(40)
    await used.admin("update wardkeep_audit.denial set minute = minute - interval '1 minute' where session = $1", [
      session.id,
    ])
    const later = await events(() =>
      used.wk.run(session, () => used.wk.query("select wardkeep_audit.record_denied('{}')")),
    )
    expect(later.map(({ detail }) => detail.code)).toEqual(["more", "XX000"])
    expect(await counted()).toBe(41)
  })
})
