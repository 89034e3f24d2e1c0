import { generateKeyPairSync, randomUUID } from "node:crypto"
import { openSealer, signerFrom, writeBundle } from "@wardkeep/audit"
import { trustedKeys, verifyBundle } from "@wardkeep/audit/verify"
import { mergeBranches, movePatient, type Session } from "@wardkeep/postgres"
import { backfill } from "@wardkeep/postgres/migrate"
import type pg from "pg"
import { beforeAll, describe, expect, it } from "vitest"
import { waitsFor } from "#tests/fixture/blocked.ts"
import { connected, withLogin } from "#tests/fixture/clinic.ts"
import { notice, said, served, useConsenting } from "#tests/fixture/consenting.ts"
import { useDatabase } from "#tests/harness/src/use-database.ts"
import { history, represent } from "../ledger/ledger.js"
import { proofFaults, proveConsent } from "../ledger/proof.js"
import { consentAt } from "../ledger/state.js"
import { publishNotice } from "../notice/notice.js"
import { destroyPerson } from "../rights/destroy.js"
import { decideRequest, identifyRequest, openRequest, requests } from "../rights/request.js"

/** People of the first branch are in one partition, those of the others in the next: a move takes a row across. */
const partitions = `partition by range (branch_id);
  create table patient_0 partition of patient for values from (minvalue) to ('10000000-0000-0000-0000-000000000000');
  create table patient_1 partition of patient for values from ('10000000-0000-0000-0000-000000000000') to (maxvalue);`
const crossings = { people: "patient", movedBy: ["head"], mergedBy: ["head"] }
const people = "born_on date, primary key (clinic_id, branch_id, id))"

const shapes: readonly (readonly [string, (schema: string) => string])[] = [
  ["one table", (schema) => schema],
  ["partitions by branch", (schema) => schema.replace(`${people};`, `${people} ${partitions}`)],
]

describe.each(shapes)("people in %s", (name, shape) => {
  const database = useDatabase()
  const used = useConsenting(database, "uuid", { crossings }, shape)
  const { privateKey, publicKey } = generateKeyPairSync("ed25519")
  const signer = signerFrom(privateKey.export({ type: "pkcs8", format: "pem" }).toString())
  const keys = trustedKeys([publicKey.export({ type: "spki", format: "pem" }).toString()])
  let published = ""
  let desk: Session
  let newDesk: Session
  let both: Session
  let calling: readonly [here: Session, there: Session]

  beforeAll(async () => {
    const { wk, session } = used.clinic
    desk = await session("desk", "care")
    newDesk = await session("desk", "care", { branch: 1 })
    both = await session("head", "care", { also: 1 })
    calling = [await session("caller", "outreach"), await session("caller", "outreach", { branch: 1 })]
    published = await wk.run(await session("head", "care"), () => publishNotice(wk, notice))
  })

  const as = <T>(session: Session, work: () => Promise<T>): Promise<T> => used.clinic.wk.run(session, work)
  const move = (subject: string, back = false) => {
    const [{ branch: from }, { branch: to }] = used.clinic.branches
    const places = back ? { from: to, to: from } : { from, to }
    return as(both, () => movePatient(used.clinic.wk, { subject, ...places, reason: "lives there now" }))
  }
  /** Rows about the person that the purpose reaches: here and there. */
  const reached = async (subject: string, [here, there] = calling): Promise<number[]> => {
    const text = "select id from patient where id = $1 union all select patient_id from visit where patient_id = $1"
    const counts: number[] = []
    for (const session of [here, there])
      counts.push((await as(session, () => used.clinic.wk.query(text, [subject]))).rowCount ?? -1)
    return counts
  }
  const told = async (session: Session, subject: string): Promise<string[]> =>
    (await as(session, () => history(used.clinic.wk, subject))).map(({ kind }) => kind)
  const kept = (subject: string) =>
    used.clinic.admin<object>(
      "select e::text as event from wardkeep_consent.event e where subject = $1 and kind not like 'moved%' order by at",
      [subject],
    )
  const withdraw = (session: Session, subject: string) =>
    said(used.clinic, session, published, subject, { outreach: "withdrawn" })

  const asMigrator = <T>(work: (client: pg.Client) => Promise<T>): Promise<T> =>
    connected(withLogin(database.adminUrl, used.clinic.logins.migrator), work)
  const asOwnersWork = (text: string, values: unknown[]) => {
    const { policy, branches } = used.clinic
    const of = { policy, reason: "test", tenants: [branches[0].clinic] }
    return asMigrator((client) => backfill({ client, ...of }, (q) => q.query(text, values)))
  }

  async function somebody(): Promise<string> {
    const subject = await used.clinic.person("1985-03-01")
    await as(desk, () => used.clinic.wk.query("insert into visit (patient_id, reason) values ($1, 'cough')", [subject]))
    await served(used.clinic, desk, published, subject)
    await said(used.clinic, desk, published, subject, { outreach: "granted", reminders: "objected" })
    return subject
  }

  const seal = () =>
    used.clinic.asOwner(async (client) => {
      const sealer = await openSealer({ client, deployment: used.clinic.policy.deployment, signer, heartbeat: 0 })
      return (await sealer.seal()).checkpoint ?? ""
    })
  const destroyed = async (request: string) => {
    const { policy, branches } = used.clinic
    const of = { policy, tenant: branches[0].clinic, request, seal }
    return (await asMigrator((client) => destroyPerson({ client, ...of }))).destroyed
  }
  async function bundle(subject: string): Promise<string> {
    const { policy, branches } = used.clinic
    let text = ""
    await seal()
    await used.clinic.asOwner(async (client) => {
      const write = async (part: string) => {
        text += part
      }
      const of = { client, deployment: policy.deployment, tenant: branches[0].clinic, subject, reason: "request 17" }
      await writeBundle({ ...of, write })
    })
    return text
  }
  const inPieces = async function* (text: string): AsyncIterable<Uint8Array> {
    yield Buffer.from(text)
  }

  it("is so: the control", async () => {
    const text = "select count(distinct tableoid)::int as n from patient where clinic_id = $1"
    expect(await used.clinic.admin(text, [used.clinic.branches[0].clinic])).toEqual([
      { n: name === "one table" ? 1 : 2 },
    ])
  })

  it("a person moves with the ledger: the wall before, in and after; withdrawal in the new branch; old proofs still verify", async () => {
    const { wk, session } = used.clinic
    const subject = await somebody()
    const reminded = [await session("desk", "reminders"), await session("desk", "reminders", { branch: 1 })] as const
    const [granted] = await as(desk, async () =>
      (await history(wk, subject)).filter(({ kind }) => kind === "granted").map(({ id }) => id),
    )
    const event = granted ?? ""
    const before = await as(desk, () => proveConsent(wk, { subject, event }))
    const sealed = await bundle(subject)
    const events = await kept(subject)
    expect([await reached(subject), await reached(subject, reminded)]).toEqual([
      [2, 0],
      [0, 0],
    ])
    const bits =
      "select distinct wk_consent from patient where id = $1 union select wk_consent from visit where patient_id = $1"
    const was = await used.clinic.admin(bits, [subject])
    expect(was).toHaveLength(1)
    await move(subject)
    expect(await used.clinic.admin(bits, [subject])).toEqual(was)
    expect([await reached(subject), await reached(subject, reminded)]).toEqual([
      [0, 2],
      [0, 0],
    ])
    // No event was rewritten; the old branch is told nothing more, the new one everything.
    expect(await kept(subject)).toEqual(events)
    expect(await told(desk, subject)).toEqual([])
    expect(await told(newDesk, subject)).toEqual(["served", "granted", "objected", "moved_away", "moved_here"])
    expect((await verifyBundle({ bytes: inPieces(sealed), keys })).ok).toBe(true)
    expect(await proofFaults(JSON.parse(JSON.stringify(before)), inPieces(sealed))).toEqual([])
    const after = await as(newDesk, () => proveConsent(wk, { subject, event }))
    expect(after).toEqual(before)
    expect(await proofFaults(JSON.parse(JSON.stringify(after)), inPieces(await bundle(subject)))).toEqual([])
    await expect(as(desk, () => proveConsent(wk, { subject, event }))).rejects.toMatchObject({ code: "WK503" })
    await expect(withdraw(desk, subject)).rejects.toMatchObject({ code: "WK503" })
    await withdraw(newDesk, subject)
    expect(await reached(subject)).toEqual([0, 0])
    const asked = { purpose: "outreach", at: new Date(Date.now() + 1) }
    expect(consentAt(await as(newDesk, () => history(wk, subject)), asked).state).toBe("withdrawn")
    // Served in the old branch, so it can be said again without another serving; and back again, with all of it.
    await said(used.clinic, newDesk, published, subject, { outreach: "granted" })
    await move(subject, true)
    expect(await reached(subject)).toEqual([2, 0])
    expect(await told(newDesk, subject)).toEqual([])
    expect((await told(desk, subject)).filter((kind) => !kind.startsWith("moved"))).toEqual([
      "served",
      "granted",
      "objected",
      "withdrawn",
      "granted",
    ])
    await withdraw(desk, subject)
    expect(await reached(subject)).toEqual([0, 0])
    expect(await reached(subject, reminded)).toEqual([0, 0])
  })

  it("who withdraws while the person is moved is never lost: in front of the move it holds, behind it nothing is recorded", async () => {
    const { wk, branches } = used.clinic
    const first = await somebody()
    const withdrawal = (subject: string) => {
      const form = { by: "subject", channel: "desk", method: "signature", evidence: "form" }
      return [subject, JSON.stringify({ ...form, decisions: [{ purpose: "outreach", kind: "withdrawn" }] })]
    }
    const context = "select set_config('wardkeep.token', $1, true), set_config('role', $2, true)"
    const holding = async (session: Session, text: string, values: unknown[], beside: () => Promise<unknown>) =>
      await connected(database.adminUrl, async (holder) => {
        await holder.query("begin")
        await holder.query(context, [session.grants[0]?.token, session.grants[0]?.dbRole])
        await holder.query(text, values)
        const begun = beside().catch((error: unknown) => error)
        expect(await waitsFor(database.adminUrl, holder, begun)).toBe("waits")
        await holder.query("commit")
        return await begun
      })
    const decided = "select wardkeep_consent.decide($1, $2)"
    await holding(desk, decided, withdrawal(first), () => move(first))
    expect(await reached(first)).toEqual([0, 0])
    expect(await told(newDesk, first)).toEqual([
      "served",
      "granted",
      "objected",
      "withdrawn",
      "moved_away",
      "moved_here",
    ])
    const second = await somebody()
    const moving = [second, branches[0].branch, branches[1].branch, "x"]
    const late = await holding(both, "select wardkeep.move_patient($1, $2, $3, $4)", moving, () =>
      withdraw(desk, second),
    )
    expect(late).toMatchObject({ code: "WK503" })
    expect(await reached(second)).toEqual([0, 2])
    await withdraw(newDesk, second)
    expect(await reached(second)).toEqual([0, 0])
    await expect(
      as(both, () => wk.query("select wardkeep_consent.carry('a', 'b', 'c', 'd', 'e')")),
    ).rejects.toMatchObject({
      code: "42501",
    })
  })

  it("a move that fails halfway, or is rolled back, leaves the ledger as it was", async () => {
    const { wk, admin } = used.clinic
    const subject = await somebody()
    const state = () =>
      admin(
        `select to_jsonb(e) as row from wardkeep_consent.event e where subject = $1 union all
       select to_jsonb(s) from wardkeep_consent.standing s where subject = $1 union all
       select to_jsonb(r) from wardkeep_consent.reach r where subject = $1 and bits <> wardkeep_consent.unasked() union all
       select to_jsonb(c) from wardkeep_consent.carried c where subject = $1 order by 1`,
        [subject],
      )
    const before = await state()
    // A visit that the move cannot take along: the new branch has its key.
    const [visit] = await admin<{ id: string }>("select id from visit where patient_id = $1", [subject])
    const clash = "insert into visit (id, patient_id, reason) select $1, id, 'clash' from patient limit 1"
    await as(newDesk, () => wk.query(clash, [visit?.id]))
    await expect(move(subject)).rejects.toMatchObject({ code: "WK231" })
    expect([await state(), await reached(subject)]).toEqual([before, [2, 0]])
    await as(newDesk, () => wk.query("delete from visit where reason = 'clash'"))
    const [{ branch: from }, { branch: to }] = used.clinic.branches
    const stopped = as(both, () =>
      wk.tx(async (tx) => {
        await movePatient(tx, { subject, from, to, reason: "x" })
        throw new Error("power cut")
      }),
    )
    await expect(stopped).rejects.toThrow("power cut")
    expect([await state(), await reached(subject)]).toEqual([before, [2, 0]])
  })

  it("without a move the key stays, and where somebody else decided under it in the other branch nothing moves", async () => {
    const { admin, branches, person, wk } = used.clinic
    const [, there] = branches
    const subject = await somebody()
    await expect(
      asOwnersWork("update patient set branch_id = $2 where id = $1", [subject, there.branch]),
    ).rejects.toMatchObject({
      code: "WK503",
    })
    const other = "insert into patient (id, full_name, born_on) values ($1, 'x', '1980-01-01')"
    await as(newDesk, () => wk.query(other, [subject]))
    await served(used.clinic, newDesk, published, subject)
    await as(newDesk, () => wk.query("delete from patient where id = $1", [subject]))
    await expect(move(subject)).rejects.toMatchObject({ code: "WK232" })
    expect(await reached(subject)).toEqual([2, 0])
    // Of whom the ledger holds nothing there is nothing to carry.
    const nobody = await person("1985-03-01")
    await move(nobody)
    expect(await told(newDesk, nobody)).toEqual([])
    expect(await admin("select from wardkeep_consent.carried where subject = $1", [nobody])).toEqual([])
  })

  it("requests and restrictions move along; a destruction in the new branch leaves nothing in the old one", async () => {
    const { wk, admin } = used.clinic
    const subject = await somebody()
    await as(desk, () => represent(wk, { subject, as: "guardian", who: "b", how: "court", evidence: "order" }))
    const of = { subject, asked: "erasure", channel: "desk", dueAt: new Date(Date.now() + 86_400_000) } as const
    const request = await as(desk, () => openRequest(wk, of))
    await move(subject)
    const seen = async (session: Session) => (await as(session, () => requests(wk, subject))).map(({ kind }) => kind)
    expect([await seen(desk), await seen(newDesk)]).toEqual([[], ["opened"]])
    const how = { request, how: "identity card seen", evidence: "note 4" }
    await expect(as(desk, () => identifyRequest(wk, how))).rejects.toMatchObject({ code: "WK560" })
    await as(newDesk, () => identifyRequest(wk, how))
    const decided = { request, outcome: "fulfilled", words: "Now.", contact: "privacy@x.example", keep: [] } as const
    await as(both, () => decideRequest(wk, decided))
    // The person is hidden from everybody now, from whoever would move this person too.
    await expect(move(subject, true)).rejects.toMatchObject({ code: "WK231" })
    expect([await reached(subject), await reached(subject, [desk, newDesk])]).toEqual([
      [0, 0],
      [0, 0],
    ])
    expect(await destroyed(request)).toMatchObject({
      "public.patient": 1,
      "public.visit": 1,
      "wardkeep_consent.event": 6,
    })
    for (const table of ["event", "standing", "reach", "rights_event", "carried"])
      expect(await admin(`select * from wardkeep_consent.${table} where subject = $1`, [subject]), table).toEqual([])
  })

  it("destroys nobody while another branch has a row under the same key", async () => {
    const { wk, admin } = used.clinic
    const subject = await somebody()
    const of = { subject, asked: "erasure", channel: "desk", dueAt: new Date(Date.now() + 86_400_000) } as const
    const request = await as(desk, () => openRequest(wk, of))
    await as(desk, () => identifyRequest(wk, { request, how: "identity card seen", evidence: "note 4" }))
    const decided = { request, outcome: "fulfilled", words: "Now.", contact: "privacy@x.example", keep: [] } as const
    await as(both, () => decideRequest(wk, decided))
    const other = "insert into patient (id, full_name, born_on) values ($1, 'x', '1980-01-01')"
    await as(newDesk, () => wk.query(other, [subject]))
    await expect(destroyed(request)).rejects.toMatchObject({
      code: "WK560",
      message: expect.stringContaining("another branch has a person under this key"),
    })
    expect(await admin("select id from patient where id = $1", [subject])).toHaveLength(2)
  })

  it("a merger carries everybody of the branch", async () => {
    const { wk, branches, issuer } = used.clinic
    const branch = randomUUID()
    const [{ clinic: tenant, branch: to }] = branches
    await asOwnersWork("insert into branch values ($1, $2)", [branch, tenant])
    const session = (role: string, purpose: string, held: readonly string[]) =>
      issuer.issueSession({
        actor: role,
        ttl: "PT1H",
        assignments: [{ tenant, branches: held, role, purposes: [purpose] }],
      })
    const clerk = await session("desk", "care", [branch])
    const added = await as(clerk, () =>
      wk.query<{ id: string }>(
        "insert into patient (full_name, born_on) values ('a', '1980-01-01'), ('b', '1980-01-01'), ('c', '1980-01-01') returning id",
      ),
    )
    const [yes = "", no = "", hidden = ""] = added.rows.map(({ id }) => id)
    for (const subject of [yes, no]) await served(used.clinic, clerk, published, subject)
    await said(used.clinic, clerk, published, yes, { outreach: "granted" })
    await said(used.clinic, clerk, published, no, { outreach: "refused" })
    const of = { subject: hidden, asked: "erasure", channel: "desk", dueAt: new Date(Date.now() + 86_400_000) } as const
    const request = await as(clerk, () => openRequest(wk, of))
    await as(clerk, () => identifyRequest(wk, { request, how: "identity card seen", evidence: "note 4" }))
    const decided = { request, outcome: "fulfilled", words: "Now.", contact: "privacy@x.example", keep: [] } as const
    const chief = await session("head", "care", [branch, to])
    await as(chief, () => decideRequest(wk, decided))
    await as(chief, () => mergeBranches(wk, { from: branch, to, reason: "one house" }))
    expect([await reached(yes), await reached(no)]).toEqual([
      [1, 0],
      [0, 0],
    ])
    await withdraw(desk, yes)
    expect(await reached(yes)).toEqual([0, 0])
    // Whom nobody may see is carried unseen, and stays hidden.
    expect([await reached(hidden), await reached(hidden, [desk, newDesk])]).toEqual([
      [0, 0],
      [0, 0],
    ])
    const { admin } = used.clinic
    expect(await admin("select branch_id::text as branch from patient where id = $1", [hidden])).toEqual([
      { branch: to },
    ])
    expect(await destroyed(request)).toMatchObject({ "public.patient": 1 })
  })
})
