import { generateKeyPairSync } from "node:crypto"
import { openSealer, signerFrom, writeBundle } from "@wardkeep/audit"
import { trustedKeys, verifyBundle } from "@wardkeep/audit/verify"
import type { Session } from "@wardkeep/postgres"
import fc from "fast-check"
import { beforeAll, expect, it } from "vitest"
import { notice, useConsenting } from "#tests/fixture/consenting.ts"
import { useDatabase } from "#tests/harness/src/use-database.ts"
import { publishNotice } from "../notice/notice.js"
import type { Giver } from "./event.js"
import { decide, history, represent, serveNotice } from "./ledger.js"
import { type ConsentProof, proofFaults, proveConsent } from "./proof.js"
import { consentAt } from "./state.js"

const database = useDatabase()
const used = useConsenting(database)
const seed = Number(process.env.WARDKEEP_SEED ?? Date.now() % 2 ** 31)
let desk: Session
let published = ""

beforeAll(async () => {
  const { wk, session } = used.clinic
  desk = await session("desk", "care")
  published = await wk.run(await session("head", "care"), () => publishNotice(wk, notice))
})

const inPieces = async function* (text: string): AsyncIterable<Uint8Array> {
  const bytes = Buffer.from(text)
  for (let at = 0; at < bytes.length; at += 777) yield bytes.subarray(at, at + 777)
}

it("one consent is proven to a stranger: events in the audit log that its verifier accepts, and the words of the notice", async () => {
  const { wk, branches, policy } = used.clinic
  const subject = await used.clinic.person("1985-03-01")
  const proof = await wk.run(desk, async () => {
    const representation = await represent(wk, { subject, as: "guardian", who: "b", how: "court", evidence: "order" })
    await serveNotice(wk, { subject, notice: published, language: "ur", channel: "desk", evidence: "receipt" })
    const of = { subject, notice: published, language: "ur", channel: "desk", method: "thumbprint", evidence: "scan" }
    const sha = { evidenceSha256: "ab".repeat(32), by: "guardian", representation } as const
    const [event = ""] = await decide(wk, { ...of, ...sha, decisions: { outreach: "granted" } })
    return await proveConsent(wk, { subject, event })
  })
  expect(proof.events.map(({ part }) => part)).toEqual(["decision", "representation", "served"])
  expect(proof.notice?.body).toBe(notice.texts.ur?.body)
  const { privateKey, publicKey } = generateKeyPairSync("ed25519")
  let bundle = ""
  await used.clinic.asOwner(async (client) => {
    const signer = signerFrom(privateKey.export({ type: "pkcs8", format: "pem" }).toString())
    const sealer = await openSealer({ client, deployment: policy.deployment, signer, heartbeat: 0 })
    await sealer.seal()
    const write = async (text: string) => {
      bundle += text
    }
    const of = { client, deployment: policy.deployment, tenant: branches[0].clinic, subject, reason: "request 17" }
    await writeBundle({ ...of, write })
  })
  const keys = trustedKeys([publicKey.export({ type: "spki", format: "pem" }).toString()])
  expect((await verifyBundle({ bytes: inPieces(bundle), keys })).ok).toBe(true)
  const faults = (changed: unknown) => proofFaults(changed, inPieces(bundle))
  expect(await faults(JSON.parse(JSON.stringify(proof)))).toEqual([])
  const with_ = (over: Partial<ConsentProof>) => faults({ ...proof, ...over })
  const [first, ...rest] = proof.events
  const words = proof.notice
  if (first === undefined || words === null) throw new Error("the proof has events and a notice")
  expect(await with_({ notice: { ...words, body: `${words.body} ` } })).toEqual([
    "the decision is about another notice than the one shown",
    "the serving is about another notice than the one shown",
  ])
  expect(await with_({ notice: null })).toEqual(["the notice, or that it was served, is missing"])
  expect(await with_({ subject: "somebody" })).toHaveLength(3)
  const said = first.said.replace("outreach", "research")
  expect(await with_({ events: [{ ...first, said }, ...rest] })).toContain("the audit log tells the decision otherwise")
  expect(await with_({ events: [{ ...first, id: published }, ...rest] })).toContain(
    "the audit log has no decision of this id",
  )
  expect(await faults({})).toEqual(["this is not a proof of consent that can be read"])
  await expect(wk.run(desk, () => proveConsent(wk, { subject, event: published }))).rejects.toMatchObject({
    code: "WK503",
  })
})

it(`what the database shows is what the events say, after each of many acts (seed ${seed})`, async () => {
  const { wk } = used.clinic
  const caller = await used.clinic.session("caller", "outreach")
  const births = ["1985-03-01", "2016-01-01", null]
  const people = await Promise.all(births.map((born) => used.clinic.person(born)))
  const representations = new Map<string, string>()
  await wk.run(desk, async () => {
    for (const subject of people) {
      await serveNotice(wk, { subject, notice: published, language: "en", channel: "desk", evidence: "receipt" })
      for (const [as, how] of [
        ["parent", "token"],
        ["guardian", "court"],
        ["nominee", "death"],
      ] as const)
        await represent(wk, { subject, as, who: "x", how, evidence: "file" }).then(
          (id) => representations.set(`${subject} ${as}`, id),
          () => undefined,
        )
    }
  })
  const acts = fc.sample(
    fc.record({
      who: fc.nat(2),
      kind: fc.constantFrom("granted", "refused", "withdrawn", "renewed", "requested", "granted", "withdrawn"),
      by: fc.constantFrom<Giver>("subject", "parent", "guardian", "nominee"),
    }),
    { numRuns: 60, seed },
  )
  let recorded = 0
  for (const { who, kind, by } of acts) {
    const subject = people[who] ?? ""
    const representation = representations.get(`${subject} ${by}`)
    const on = { subject, notice: published, language: "en", channel: "desk", method: "spoken", evidence: "note" }
    const decisions = { outreach: kind as "granted" }
    const done = await wk
      .run(desk, () => decide(wk, { ...on, by, ...(representation !== undefined && { representation }), decisions }))
      .then(
        () => true,
        (error: { code?: string }) => (error.code === "WK503" ? false : Promise.reject(error)),
      )
    if (done) recorded++
    const told = await wk.run(desk, () => history(wk, subject))
    const { state } = consentAt(told, { purpose: "outreach", at: new Date(Date.now() + 1) })
    const { rowCount } = await wk.run(caller, () => wk.query("select from patient where id = $1", [subject]))
    expect(rowCount, `${kind} by ${by}`).toBe(state === "granted" ? 1 : 0)
  }
  expect(recorded).toBeGreaterThan(5)
})
