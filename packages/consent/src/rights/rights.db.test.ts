import { spawnSync } from "node:child_process"
import { createHash, generateKeyPairSync } from "node:crypto"
import { fileURLToPath } from "node:url"
import {
  eraseSubject,
  openHolds,
  openSealer,
  placeLogHold,
  releaseLogHold,
  signerFrom,
  writeBundle,
} from "@wardkeep/audit"
import { readCheckpoint, trustedKeys, verifyBundle, verifyDatabase } from "@wardkeep/audit/verify"
import { roleNames } from "@wardkeep/core"
import type { Session } from "@wardkeep/postgres"
import { backfill } from "@wardkeep/postgres/migrate"
import type pg from "pg"
import { beforeAll, describe, expect, it, vi } from "vitest"
import { connected, withLogin } from "#tests/fixture/clinic.ts"
import { notice, said, served, useConsenting } from "#tests/fixture/consenting.ts"
import { inContext, issueBySql } from "#tests/fixture/token.ts"
import { useDatabase } from "#tests/harness/src/use-database.ts"
import { publishNotice } from "../notice/notice.js"
import { type DestroyOptions, destroyPerson } from "./destroy.js"
import { answerPack, packAsHtml } from "./pack.js"
import {
  type Asked,
  answerRequest,
  decideRequest,
  identifyRequest,
  openRequest,
  openRequests,
  placeHold,
  type RightsDecision,
  type RightsRequest,
  recordDisclosure,
  releaseHold,
  requests,
} from "./request.js"

const database = useDatabase()
const used = useConsenting(database)
let desk: Session
let head: Session
let published = ""
const soon = () => new Date(Date.now() + 86_400_000)

beforeAll(async () => {
  const { wk, session } = used.clinic
  desk = await session("desk", "care")
  head = await session("head", "care")
  published = await wk.run(head, () => publishNotice(wk, notice))
})

const as = <T>(session: Session, work: () => Promise<T>): Promise<T> => used.clinic.wk.run(session, work)
const ask = (subject: string, asked: Asked, over: Partial<RightsRequest> = {}, by = desk) =>
  as(by, () => openRequest(used.clinic.wk, { subject, asked, channel: "desk", dueAt: soon(), what: "x", ...over }))
const identify = (request: string) =>
  as(desk, () => identifyRequest(used.clinic.wk, { request, how: "identity card seen", evidence: "note 4" }))
const decide = (request: string, over: Partial<RightsDecision> = {}, by = head) =>
  as(by, () =>
    decideRequest(used.clinic.wk, {
      request,
      outcome: "fulfilled",
      words: "Done.",
      contact: "privacy@x.example",
      ...over,
    }),
  )
const seen = (session: Session, subject: string) =>
  as(session, async () => (await used.clinic.wk.query("select from patient where id = $1", [subject])).rowCount)
const asMigrator = <T>(work: (client: pg.Client) => Promise<T>): Promise<T> =>
  connected(withLogin(database.adminUrl, used.clinic.logins.migrator), work)
const { privateKey, publicKey } = generateKeyPairSync("ed25519")
const sealed = () =>
  used.clinic.asOwner(async (client) => {
    const signer = signerFrom(privateKey.export({ type: "pkcs8", format: "pem" }).toString())
    const sealer = await openSealer({ client, deployment: used.clinic.policy.deployment, signer, heartbeat: 0 })
    return (await sealer.seal()).checkpoint ?? ""
  })
const destroy = (request: string, over: Partial<DestroyOptions> = {}) =>
  asMigrator((client) =>
    destroyPerson({
      client,
      policy: used.clinic.policy,
      tenant: used.clinic.branches[0].clinic,
      request,
      seal: sealed,
      ...over,
    }),
  )
const refused = (work: Promise<unknown>, words: RegExp, code = "WK560") =>
  expect(work).rejects.toMatchObject({ code, message: expect.stringMatching(words) })

/** A person with a visit and a note, who said yes to outreach. */
async function somebody(): Promise<string> {
  const { clinic } = used
  const subject = await clinic.person("1985-03-01")
  await as(desk, () => clinic.wk.query("insert into visit (patient_id, reason) values ($1, 'cough <b>')", [subject]))
  const note =
    "insert into note (clinic_id, branch_id, visit_id, body) select clinic_id, branch_id, id, 'better' from visit where patient_id = $1"
  const of = { policy: clinic.policy, reason: "test", tenants: [clinic.branches[0].clinic] }
  await asMigrator((client) => backfill({ client, ...of }, (q) => q.query(note, [subject])))
  await served(clinic, desk, published, subject)
  await said(clinic, desk, published, subject, { outreach: "granted" })
  return subject
}

describe("a request", () => {
  it("goes from asking to an answer, each act recorded, and refuses what is out of order", async () => {
    const subject = await somebody()
    await as(head, () =>
      recordDisclosure(used.clinic.wk, { subject, recipient: "Lab Two", data: "age", purpose: "care" }),
    )
    const request = await ask(subject, "access")
    await refused(decide(request), /nobody checked who asks/)
    await refused(decide(request, { outcome: "fulfilled", reason: "identity_not_shown" }), /nobody checked who asks/)
    await identify(request)
    await refused(identify(request), /already/)
    await refused(decide(request, { outcome: "refused" }), /lacks: reason/, "WK503")
    await refused(decide(request, { outcome: "refused", reason: "statute" }), /lacks: cites/, "WK503")
    await refused(decide(request, { contact: " " }), /lacks: contact/, "WK503")
    await refused(
      as(head, () => answerRequest(used.clinic.wk, { request, sha256: "0".repeat(64) })),
      /not decided yet/,
    )
    expect(openRequests(await as(desk, () => requests(used.clinic.wk, subject)))).toMatchObject([
      { request, asked: "access" },
    ])
    await decide(request)
    await refused(decide(request), /is decided/)
    const { policy, branches } = used.clinic
    const pack = await asMigrator((client) => answerPack({ client, policy, tenant: branches[0].clinic, request }))
    expect(Object.keys(pack.held).sort()).toEqual(["public.note", "public.patient", "public.visit"])
    expect(pack.held["public.note"]).toMatchObject([{ body: "better" }])
    expect(JSON.stringify(pack.held)).not.toContain("wk_consent")
    expect(pack.sharedWith).toMatchObject([{ recipient: "Lab Two" }])
    expect(pack.purposes).toContainEqual({ purpose: "outreach", basis: "consent", now: "granted" })
    const html = packAsHtml(pack)
    expect(html).toContain("cough &lt;b&gt;")
    expect(html).toContain("This answer does not say")
    expect(packAsHtml({ ...pack, seen: "no-audit-log" })).toContain("keeps no record of who looked")
    const sha256 = createHash("sha256").update(html).digest("hex")
    await as(head, () => answerRequest(used.clinic.wk, { request, sha256 }))
    const events = await as(desk, () => requests(used.clinic.wk, subject))
    expect(events.map(({ kind }) => kind)).toEqual(["disclosed", "opened", "identified", "decided", "answered"])
    const log =
      "select detail::json ->> 'kind' as kind from wardkeep_audit.event where verb = 'rights' and subject = $1"
    expect(await used.clinic.admin(log, [subject])).toHaveLength(5)
    await expect(
      asMigrator((client) => answerPack({ client, policy, tenant: branches[2].clinic, request })),
    ).rejects.toMatchObject({ code: "WK560" })
  })

  it("is refused where something is missing, late, or from somebody who may not", async () => {
    const subject = await used.clinic.person("1985-03-01")
    const later = (days: number) => new Date(Date.now() + days * 86_400_000)
    await refused(ask(subject, "access", { dueAt: later(91) }), /within ninety days/)
    await refused(ask(subject, "access", { dueAt: later(-1) }), /within ninety days/)
    await refused(ask(subject, "access", { receivedAt: later(1) }), /not in the future/)
    await refused(ask(subject, "nomination"), /lacks: nominee/, "WK503")
    await refused(ask(subject, "correction", { what: "" }), /lacks: what/, "WK503")
    await refused(ask(subject, "grievance", { by: "guardian" }), /nobody was verified/)
    await refused(ask(used.clinic.elsewhere, "access"), /no such person/, "WK503")
    const request = await ask(subject, "grievance")
    // The desk of another clinic, and of another branch of this one.
    for (const branch of [1, 2]) {
      const other = await used.clinic.session("head", "care", { branch })
      await refused(decide(request, {}, other), /no such request/)
      expect(await as(other, () => requests(used.clinic.wk))).toEqual([])
    }
    await expect(decide(request, {}, desk)).rejects.toMatchObject({ code: "42501" })
    const self = await used.clinic.session("portal", "care", { subjects: [subject] })
    await ask(subject, "access", {}, self)
    await refused(
      as(self, () => identifyRequest(used.clinic.wk, { request, how: "x", evidence: "x" })),
      /confined/,
      "WK503",
    )
    await refused(
      as(self, () => requests(used.clinic.wk)),
      /no such person/,
    )
    await as(head, () => placeHold(used.clinic.wk, { subject, reason: "case", authority: "court" }))
    expect((await as(self, () => requests(used.clinic.wk, subject))).map(({ kind }) => kind)).toEqual([
      "opened",
      "opened",
    ])
    await refused(ask(used.clinic.adults[0] ?? "", "access", {}, self), /no such person/, "WK503")
  })
})

describe("an erasure", () => {
  it("hides the person at once, keeps for a period and a hold, destroys, and certifies what a second query saw", async () => {
    const subject = await somebody()
    const caller = await used.clinic.session("caller", "outreach")
    const counts = async () => {
      const text = `select (select count(*)::int from note) as notes,
        (select count(*)::int from patient_word where word = 'somebody') as words`
      return (await as(desk, () => used.clinic.wk.query<{ notes: number; words: number }>(text))).rows[0]
    }
    const before = (await counts()) ?? { notes: 0, words: 0 }
    const request = await ask(subject, "erasure")
    await identify(request)
    await refused(decide(request), /names what is kept/)
    expect(await seen(desk, subject)).toBe(1)
    const until = new Date(Date.now() + 2500).toISOString()
    const keep = [{ record: "outpatient", rule: "outpatient", cites: "x", until }]
    const hold = await as(head, () => placeHold(used.clinic.wk, { subject, reason: "case", authority: "court" }))
    await decide(request, { keep })
    for (const session of [desk, head, caller]) expect(await seen(session, subject)).toBe(0)
    // Nor what belongs to rows about the person, nor the words; other people's are there.
    expect(before.notes).toBeGreaterThan(1)
    expect(await counts()).toEqual({ notes: before.notes - 1, words: before.words - 1 })
    // A new row about the person is refused, and a decision gives nothing back.
    const insert = "insert into visit (patient_id, reason) values ($1, 'again')"
    await expect(as(desk, () => used.clinic.wk.query(insert, [subject]))).rejects.toThrow()
    await said(used.clinic, desk, published, subject, { outreach: "withdrawn" })
    expect(await seen(desk, subject)).toBe(0)
    await refused(destroy(request), /a period/)
    await new Promise((resolve) => setTimeout(resolve, Math.max(0, new Date(until).getTime() - Date.now()) + 50))
    await refused(destroy(request), /legal hold/)
    // The log knows the same hold, and the ledger the log's.
    const [{ clinic: tenant }] = used.clinic.branches
    const owned = used.clinic.asOwner
    const known = { id: hold, tenant, subject, authority: "court", placed_in: "rights" }
    expect(await owned(openHolds)).toContainEqual(expect.objectContaining(known))
    const erasing = owned((client) => eraseSubject({ client, tenant, subject, reason: "by hand" }))
    await expect(erasing).rejects.toMatchObject({ code: "WK440" })
    const wrong = owned((client) => releaseLogHold({ client, hold, reason: "x" }))
    await expect(wrong).rejects.toMatchObject({ code: "WK443" })
    const other = await owned((client) => placeLogHold({ client, tenant, reason: "case 5", authority: "court" }))
    await as(head, () => releaseHold(used.clinic.wk, { subject, hold, reason: "case closed" }))
    await refused(
      as(head, () => releaseHold(used.clinic.wk, { subject, hold, reason: "again" })),
      /already/,
    )
    await expect(destroy(request)).rejects.toMatchObject({ code: "WK440" })
    await owned((client) => releaseLogHold({ client, hold: other, reason: "case closed" }))
    // The look afterwards waits for a lock that somebody has: the rows are gone, nothing is certified, and it can be done again.
    await connected(database.adminUrl, async (reader) => {
      await reader.query("begin; lock table visit in access share mode")
      await expect(destroy(request, { lockTimeout: 100 })).rejects.toMatchObject({ code: "WK307" })
      await reader.query("rollback")
    })
    const kept = "select subject from wardkeep_consent.unverified where request = $1"
    expect(await used.clinic.admin(kept, [request])).toEqual([{ subject }])
    const [{ clinic, branch }] = used.clinic.branches
    const left = "insert into patient (clinic_id, branch_id, full_name) values ($1, $2, $3)"
    const written = (text: string, values: unknown[]) =>
      asMigrator((client) =>
        backfill({ client, policy: used.clinic.policy, reason: "test", tenants: [clinic] }, (q) =>
          q.query(text, values),
        ),
      )
    await written(left, [clinic, branch, `See ${subject}`])
    await refused(destroy(request), /rows are left in public.patient/, "WK562")
    await written("delete from patient where full_name = $1", [`See ${subject}`])
    const certificate = await destroy(request)
    expect(await used.clinic.admin(kept, [request])).toEqual([])
    // Whoever lost the certificate gets the same.
    expect(await destroy(request)).toEqual(certificate)
    expect(certificate.destroyed).toMatchObject({ "public.patient": 1, "public.visit": 1, "public.note": 1 })
    expect(Object.values(certificate.found).every((n) => n === 0)).toBe(true)
    expect(Object.keys(certificate.found)).toContain("public.patient_word")
    // The name that held the key was somebody else's, whose events stay and are told.
    expect(certificate.mentions).toEqual({ "wardkeep_audit.event": 2 })
    const told = `${certificate.salt}${certificate.branch} ${subject}`
    expect(createHash("sha256").update(told).digest("hex")).toBe(certificate.subjectSha256)
    for (const table of ["event", "standing", "reach", "rights_event"])
      expect(await used.clinic.admin(`select from wardkeep_consent.${table} where subject = $1`, [subject])).toEqual([])
    const rest = "select kind from wardkeep_consent.rights_event where request = $1 order by at"
    expect(await used.clinic.admin(rest, [request])).toEqual([{ kind: "destroyed" }, { kind: "verified" }])
    expect(await seen(desk, used.clinic.adults[0] ?? "")).toBe(1)
  })
})

describe("what is destroyed goes out of the audit log too", () => {
  /** The events of one tenant in a bundle, as leaves, and the root that the last checkpoint of its log says. */
  const inBundle = (text: string, tenant: string) => {
    const lines = text
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line))
    const from = lines.findIndex((line) => line.tenant === tenant)
    const of = lines.slice(from + 1)
    const note = of.filter(({ checkpoint }) => checkpoint !== undefined).at(-1).checkpoint as string
    return { events: of.filter(({ event }) => event).map(({ event }) => event), note }
  }

  it("where no query finds the person, in Wardkeep's own tables neither, and every old proof verifies", async () => {
    const { policy, branches, admin, asOwner } = used.clinic
    const [{ clinic: tenant, branch }] = branches
    const subject = await somebody()
    const of = { policy, reason: "test", tenants: [tenant] }
    const secret = "Canary of this person"
    // One note is gone before the person is; its events name nobody.
    await asMigrator((client) =>
      backfill({ client, ...of }, async (q) => {
        await q.query(
          "insert into note (clinic_id, branch_id, visit_id, body) select clinic_id, branch_id, id, $2 from visit where patient_id = $1",
          [subject, secret],
        )
        return await q.query("delete from note where body = $1", [secret])
      }),
    )
    await admin(
      // An emergency names whom the caller said, who may spell a key otherwise.
      `insert into wardkeep.break_glass (tenant, branch, subject, reason, explanation, declared_by, declared_as, session_id, valid_until)
       values ($1, $2, $3, 'x', $4, 'asha', 'desk', gen_random_uuid(), now())`,
      [tenant, branch, subject.toUpperCase(), secret],
    )
    await admin(
      `insert into wardkeep.referral (tenant, from_branch, to_branch, subject, records, basis, referred_by, referred_as, session_id, valid_until)
       values ($1, $2, 'x', $3, '{public.patient}', 'x', 'asha', 'desk', gen_random_uuid(), now())`,
      [tenant, branch, subject],
    )
    await admin(
      "insert into wardkeep.assignment (actor, tenant, role, branch, subject, valid_from, reason, granted_by, granted_as) values ('self', $1, 'portal', $2, $3, now(), 'x', 'y', 'z')",
      [tenant, branch, subject],
    )
    const anchor = await sealed()
    const bundle = async (about: { subject?: string } = {}) => {
      let text = ""
      const write = async (piece: string) => {
        text += piece
      }
      await asOwner((client) =>
        writeBundle({ client, deployment: policy.deployment, tenant, reason: "request 17", write, ...about }),
      )
      return text
    }
    const before = await bundle({ subject })
    expect(before).toContain(subject)
    const request = await ask(subject, "erasure")
    await identify(request)
    await decide(request, { keep: [] })
    // Nobody seals: the rows are gone, and nothing is certified until somebody did.
    await expect(destroy(request, { seal: () => Promise.resolve(), sealWait: 0 })).rejects.toMatchObject({
      code: "WK568",
    })
    expect(await seen(desk, subject)).toBe(0)
    // Nor does the wait end later where the clock is set back, and nobody gets the key meanwhile.
    const clock = vi.spyOn(Date, "now").mockReturnValue(0)
    await expect(destroy(request, { seal: () => Promise.resolve(), sealWait: 50 })).rejects.toMatchObject({
      code: "WK568",
    })
    clock.mockRestore()
    const again =
      "insert into patient (clinic_id, branch_id, id, full_name, born_on) values ($1, $2, $3, 'S', '1990-01-01')"
    await expect(
      asMigrator((client) => backfill({ client, ...of }, (q) => q.query(again, [tenant, branch, subject]))),
    ).rejects.toMatchObject({ code: "WK503", message: expect.stringContaining("not certified yet") })
    expect(await admin("select from wardkeep_audit.event where subject = $1", [subject])).not.toEqual([])
    const certificate = await destroy(request)
    expect(certificate.log.outcome).toBe("erased")
    expect(certificate.log.events).toBeGreaterThan(10)
    expect(certificate.mentions).toEqual({})
    for (const table of ["wardkeep_audit.event", "wardkeep.break_glass", "wardkeep.assignment", "wardkeep.token"])
      expect(certificate.found[table], table).toBe(0)
    // Another look than the certificate's: every table that anybody here has, as text.
    const tables = await admin<{ name: string }>(
      "select format('%I.%I', n.nspname, c.relname) as name from pg_class c join pg_namespace n on n.oid = c.relnamespace where c.relkind in ('r', 'm') and n.nspname !~ '^pg_|^information'",
    )
    expect(tables.length).toBeGreaterThan(40)
    const left = tables.map(
      ({ name }) =>
        `select '${name}' as name from ${name} t where strpos(lower(t::text), '${subject}') > 0 or strpos(t::text, '${secret}') > 0`,
    )
    expect(await admin(left.join(" union all "))).toEqual([])
    await sealed()
    const keys = trustedKeys([publicKey.export({ type: "spki", format: "pem" }).toString()])
    const now = await connected(database.adminUrl, (client) => verifyDatabase({ client, keys, anchors: [anchor] }))
    expect(now).toMatchObject({ ok: true, verdicts: [], anchored: true })
    const pieces = async function* (text: string): AsyncIterable<Uint8Array> {
      yield Buffer.from(text)
    }
    for (const text of [before, await bundle()])
      expect(await verifyBundle({ bytes: pieces(text), keys, anchors: [anchor] })).toMatchObject({
        ok: true,
        anchored: true,
      })
    // And by the hashes of the second language, from the bundle alone.
    const { events, note } = inBundle(await bundle(), tenant)
    const second = fileURLToPath(new URL("../../../audit/src/verify/second.py", import.meta.url))
    const input = `${events.map((event) => JSON.stringify(event)).join("\n")}\n`
    const run = spawnSync("python3", [second], { input, encoding: "utf8", maxBuffer: 64 * 1024 * 1024 })
    expect(run.stderr).toBe("")
    const root = run.stdout.trimEnd().split("\n").at(-1)?.split(" ")[1]
    expect(root).toBe(readCheckpoint(note, keys)?.root.toString("hex"))
  })
})

it("the application's login forges nothing: no table, no step out of turn, no other role's function", async () => {
  const subject = await used.clinic.person("1985-03-01")
  const request = await ask(subject, "erasure")
  const [{ clinic: tenant, branch }] = used.clinic.branches
  const [grant] = await issueBySql(database.ownerUrl, used.clinic, [
    { role: "desk", tenant, branches: [branch], purposes: ["care"] },
  ])
  const decision = `'{"outcome":"fulfilled","words":"x","contact":"x","keep":[]}'`
  const attempts = [
    `select * from wardkeep_consent.rights_event`,
    `insert into wardkeep_consent.rights_event (tenant, branch, subject, request, kind, actor, role, purpose, session_id) values ('${tenant}', '', 'x', '${request}', 'decided', 'x', 'x', 'x', '${request}')`,
    `update wardkeep_consent.reach set restricted = false`,
    `select wardkeep_consent.decide_request('${request}', ${decision})`,
    `select wardkeep_consent.destroy_person('${request}')`,
    `select wardkeep_consent.held_rows('${tenant}', '${branch}', '${subject}')`,
    `select wardkeep_consent.destroy_rows('${tenant}', '${branch}', '${subject}')`,
    `select wardkeep_consent.verify_destroyed('${request}', '{}', '{}')`,
    `select wardkeep_consent.forget('${request}')`,
    `select wardkeep_consent.left_own('${request}')`,
    `select wardkeep_consent.destroyed('${request}')`,
    `select * from wardkeep_consent.unverified`,
    `select * from wardkeep_consent.restricted_rows('public.note')`,
    `select * from wardkeep_consent.everybody()`,
    `select * from wardkeep_consent.person('${subject}')`,
    `select wardkeep_consent.request_now('${request}')`,
    `select wardkeep_consent.hold('${subject}')`,
    `update patient set wk_consent = 0 where id = '${subject}'`,
    `set local role ${roleNames(used.clinic.policy).role("head")}; select wardkeep_consent.decide_request('${request}', ${decision})`,
  ]
  await used.clinic.asApp((client) =>
    inContext(client, grant!, async () => {
      for (const text of attempts) {
        await client.query("savepoint before")
        await expect(client.query(text), text).rejects.toMatchObject({
          code: expect.stringMatching(/^(42501|WK1\d\d)$/),
        })
        await client.query("rollback to savepoint before")
      }
    }),
  )
  // The owner changes nothing either, and removes nothing about somebody who is not destroyed.
  for (const text of ["update", "delete"].map((verb) =>
    verb === "update"
      ? "update wardkeep_consent.rights_event set subject = 'x'"
      : "delete from wardkeep_consent.rights_event",
  ))
    await expect(used.clinic.asOwner((client) => client.query(text))).rejects.toMatchObject({ code: "42501" })
  expect(await seen(desk, subject)).toBe(1)
})
