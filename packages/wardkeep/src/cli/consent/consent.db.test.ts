import { createHash, generateKeyPairSync } from "node:crypto"
import { readFile, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { publishNotice } from "@wardkeep/consent"
import type { Session } from "@wardkeep/postgres"
import { beforeAll, describe, expect, it } from "vitest"
import { callCli } from "#tests/cli/call-cli.ts"
import { emptyFolder } from "#tests/cli/run-cli.ts"
import { consentingDocument, notice, said, served, useConsenting } from "#tests/fixture/consenting.ts"
import { useDatabase } from "#tests/harness/src/use-database.ts"

const database = useDatabase()
const used = useConsenting(database)
let folder = ""
let published = ""
let desk: Session

beforeAll(async () => {
  const { wk, session, policy } = used.clinic
  desk = await session("desk", "care")
  published = await wk.run(await session("head", "care"), () => publishNotice(wk, notice))
  folder = await emptyFolder()
  await writeFile(join(folder, "wardkeep.policy.json"), JSON.stringify(consentingDocument(policy.deployment)))
})

const cli = (...args: string[]) => {
  const of = ["--tenant", used.clinic.branches[0].clinic, "--reason", "test", "--policy", "wardkeep.policy.json"]
  return callCli(folder, [...args, ...of], { WARDKEEP_MIGRATOR_URL: database.url(used.clinic.logins.migrator) })
}
const json = async (...args: string[]) => {
  const ran = await cli(...args, "--json")
  expect(ran).toMatchObject({ code: 0, stderr: "" })
  return JSON.parse(ran.stdout)
}

describe("the ledger on the command line", () => {
  it("shows, tells, proves and withdraws", async () => {
    const subject = await used.clinic.person("1985-03-01")
    await served(used.clinic, desk, published, subject)
    const [event = ""] = await said(used.clinic, desk, published, subject, { outreach: "granted" })
    const shown = await cli("consent", "show", "--subject", subject)
    expect(shown.stdout).toMatch(/^outreach: granted since .*\nresearch: none\nreminders: no objection\n$/)
    expect(await json("consent", "show", "--subject", subject, "--at", "2020-01-01")).toMatchObject([
      { state: "none" },
      {},
      {},
    ])
    await json("consent", "prove", event, "--subject", subject, "--out", "proof.json")
    expect(JSON.parse(await readFile(join(folder, "proof.json"), "utf8"))).toMatchObject({
      wardkeep: "consent-proof",
      subject,
    })
    const again = await cli("consent", "prove", event, "--subject", subject, "--out", "proof.json")
    expect(again).toMatchObject({ code: 2, stdout: "" })
    expect(await cli("consent", "withdraw", "--subject", subject, "--channel", "letter")).toMatchObject({ code: 2 })
    expect(await json("consent", "withdraw", "--subject", subject, "--all", "--channel", "letter")).toEqual([
      "outreach",
      "reminders",
    ])
    const none = await cli("consent", "withdraw", "--subject", subject, "--purpose", "outreach", "--channel", "letter")
    expect(none.stderr).toContain("WK503")
    const kinds = (await json("consent", "history", "--subject", subject)).map(({ kind }: { kind: string }) => kind)
    expect(kinds).toEqual(["served", "granted", "withdrawn", "objected"])
    expect((await cli("consent", "history", "--subject", subject)).stdout).toContain("by backfill:")
  })

  it("goes on with a campaign", async () => {
    const of = ["consent", "campaign", "--notice", published, "--name", "2027"]
    const before = await json(...of)
    const [one, two] = before.unreached
    const line = (subject: string, rest: object) =>
      JSON.stringify({ subject, language: "ta", channel: "letter", ...rest })
    await writeFile(
      join(folder, "sent.jsonl"),
      `${line(one.subject, { evidence: "list" })}\n${line(two.subject, { undelivered: "moved" })}\n`,
    )
    const after = await json(...of, "--delivered", "sent.jsonl")
    expect(after).toMatchObject({ recorded: 2, reached: [{ channel: "letter", served: 1, undelivered: 1 }] })
    expect(after.unreached).toHaveLength(before.unreached.length - 1)
    await writeFile(join(folder, "bad.jsonl"), "{")
    expect((await cli(...of, "--delivered", "bad.jsonl")).stderr).toContain("line 1 is no JSON")
  })
})

describe("requests on the command line", () => {
  it("go from a letter to an answer", async () => {
    const subject = await used.clinic.person("1985-03-01")
    const opened = await json("rights", "open", "access", "--records", "--subject", subject, "--channel", "letter")
    expect(opened).toMatchObject({ rule: "imc-regs-1-3-2" })
    const { request } = opened
    expect((await cli("rights", "list", "--subject", subject)).stdout).toContain(`access  ${request}`)
    await json("rights", "identify", request, "--how", "card", "--evidence", "note")
    const decision = ["--words", "Here it is.", "--contact", "privacy@clinic.example"]
    expect((await cli("rights", "decide", request, "--outcome", "refused", ...decision)).stderr).toContain(
      "lacks: reason",
    )
    await json("rights", "decide", request, "--outcome", "fulfilled", ...decision)
    const [{ clinic, branch }] = used.clinic.branches
    const view = `insert into wardkeep_audit.event (tenant, branch, actor, role, purpose, session, verb, relation, subject, n, detail)
      values ($1, $2, 'ravi', 'desk', 'care', gen_random_uuid(), 'view', 'public.patient', $3, 1, '{}')`
    await used.clinic.admin(view, [clinic, branch, subject])
    const { pack } = await json("rights", "pack", request, "--out", "answer.html", "--data", "answer.json")
    const data = await readFile(join(folder, "answer.json"), "utf8")
    expect(JSON.parse(data)).toEqual(pack)
    expect(pack.held["public.patient"]).toMatchObject([{ id: subject }])
    expect(pack.seen).toMatchObject([{ actor: "ravi", purpose: "care" }])
    const html = await readFile(join(folder, "answer.html"), "utf8")
    expect(html).toContain("privacy@clinic.example")
    expect(html).toContain("<td>ravi</td>")
    // Who keeps the hash of the page keeps that of the document for machines too.
    expect(html).toContain(createHash("sha256").update(data).digest("hex"))
    expect(html).toContain("@media print")
    expect(html).not.toMatch(/<script|src=|href=|url\(/)
    // The file is there already: nothing is written, and no second answer recorded.
    expect((await cli("rights", "pack", request, "--out", "answer.html")).code).toBe(2)
    const sha256 = createHash("sha256").update(html).digest("hex")
    const answered =
      "select detail ->> 'sha256' as sha256 from wardkeep_consent.rights_event where request = $1 and kind = 'answered'"
    expect(await used.clinic.admin(answered, [request])).toEqual([{ sha256 }])
    expect((await cli("rights", "open", "everything", "--subject", subject, "--channel", "x")).code).toBe(2)
  })

  it("destroy nobody unconfirmed or held, and write a certificate", async () => {
    const subject = await used.clinic.person("1985-03-01")
    const { request } = await json("rights", "open", "erasure", "--subject", subject, "--channel", "letter")
    await json("rights", "identify", request, "--how", "card", "--evidence", "note")
    await writeFile(join(folder, "attested.json"), '[{"rule":"inpatient-imc","by":"Dr Devi","on":"2026-11-01"}]')
    const kept = ["rights", "keep", "--record", "inpatient=2020-02-01", "--on", "2026-11-28", "--out", "keep.json"]
    expect((await callCli(folder, kept)).stderr).toContain("WK561")
    const free = await callCli(folder, [...kept, "--attested", "attested.json"])
    expect(free).toMatchObject({ code: 0, stdout: expect.stringContaining("nothing keeps inpatient any longer") })
    const decision = ["--outcome", "fulfilled", "--words", "Done.", "--contact", "x", "--keep", "keep.json"]
    const hold = await json("rights", "hold", "--subject", subject, "--authority", "court")
    await json("rights", "decide", request, ...decision)
    const destroy = ["rights", "destroy", request, "--out", "certificate.json"]
    expect(await cli(...destroy)).toMatchObject({ code: 2, stdout: "" })
    expect((await cli(...destroy, "--yes")).stderr).toContain("legal hold")
    await json("rights", "release", hold, "--subject", subject)
    const { privateKey } = generateKeyPairSync("ed25519")
    await writeFile(join(folder, "seal.pem"), privateKey.export({ type: "pkcs8", format: "pem" }))
    const done = await cli(...destroy, "--key", "seal.pem", "--yes")
    expect(done).toMatchObject({ code: 0, stdout: expect.stringContaining("nothing found afterwards") })
    expect(done.stdout).toMatch(/audit log: taken out of \d+ events/)
    const certificate = JSON.parse(await readFile(join(folder, "certificate.json"), "utf8"))
    expect(certificate).toMatchObject({ request, destroyed: { "public.patient": 1 }, found: { "public.patient": 0 } })
  })
})
