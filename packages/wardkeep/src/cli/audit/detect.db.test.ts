import { randomBytes } from "node:crypto"
import { writeFile } from "node:fs/promises"
import { join } from "node:path"
import { audit, recordViews } from "@wardkeep/audit"
import { definePolicy } from "@wardkeep/core"
import { beforeAll, expect, it } from "vitest"
import { callCli } from "#tests/cli/call-cli.ts"
import { emptyFolder, type Ran } from "#tests/cli/run-cli.ts"
import { useClient } from "#tests/fixture/client.ts"
import { detectionDocument } from "#tests/fixture/policy.ts"
import { useDatabase } from "#tests/harness/src/use-database.ts"

const database = useDatabase()
const deployment = `d${randomBytes(4).toString("hex")}`
const { privacy } = detectionDocument.roles
const document = {
  ...detectionDocument,
  deployment,
  roles: { ...detectionDocument.roles, deputy: { ...privacy, mfa: "PT15M" } },
  detection: { ...detectionDocument.detection, reviewedBy: ["privacy", "deputy"] },
} as const
const used = useClient(database, { policy: definePolicy(document), extensions: [audit], views: recordViews })
let folder = ""
let unknown = ""

const cli = (command: string, actor: string, ...more: string[]): Promise<Ran> => {
  const { clinic, branch } = used.clinic.branches[0]
  const who = ["--as", "privacy", "--actor", actor, "--branch", branch, "--tenant", clinic, "--reason", "weekly review"]
  return callCli(folder, ["audit", command, ...who, ...more], {
    WARDKEEP_APP_URL: database.appUrl(used.clinic.logins.app),
    WARDKEEP_ISSUER_URL: database.url(used.clinic.logins.issuer),
    WARDKEEP_KEY_ID: used.clinic.key.id,
    WARDKEEP_SIGNING_KEY: used.clinic.key.secret.toString("base64"),
  })
}

beforeAll(async () => {
  folder = await emptyFolder()
  await writeFile(join(folder, "wardkeep.policy.json"), JSON.stringify(document))
  const made = await used.wk.run(used.doctor, () =>
    used.wk.query<{ id: string }>("insert into patient (full_name) values ('Unseen') returning id"),
  )
  unknown = made.rows[0]?.id ?? ""
  const curious = await used.newSession("reception", 0)
  await used.wk.run(curious, () => used.wk.query("select id from patient where id = $1", [unknown]))
})

it("the queue is printed, decided by somebody else, and shows what was decided", async () => {
  const listed = await cli("unexplained", "meena", "--json")
  const { rows } = JSON.parse(listed.stdout)
  const found = rows.filter((row: { actor: string }) => row.actor === "reception-0")
  expect(found).toMatchObject([{ subject: unknown, status: "open" }])
  const of = ["--event", found[0].event, "--subject", unknown, "--outcome", "legitimate"]
  expect(await cli("review-access", "reception-0", ...of)).toMatchObject({
    code: 4,
    stderr: expect.stringContaining("WK436"),
  })
  expect((await cli("review-access", "meena", ...of)).stdout).toMatch(/^Review \d+ is recorded: legitimate\.\n$/)
  expect((await cli("review-access", "meena", ...of)).stderr).toContain("WK439")
  const again = await cli("unexplained", "meena")
  expect(again.stdout).toMatch(
    /reception-0 as reception for care: view public\.patient of \S+ {2}\[legitimate by meena\] {2}event \d+-\d+\n/,
  )
  expect(again.stdout).toContain("An access that nothing explains is a question, not a verdict.")
})

it("alerts say when there is too little to judge, and what is missing of a command is said", async () => {
  const alerts = await cli("alerts", "meena")
  expect(alerts).toMatchObject({
    code: 0,
    stdout: expect.stringContaining("Too little to judge the volume of reception: 0 days"),
  })
  expect((await cli("review-access", "meena", "--event", "1-1", "--outcome", "fine")).stderr).toContain("WK009")
  expect((await cli("review-access", "meena", "--event", "1-1", "--outcome", "forwarded")).stderr).toContain(
    "--rule and all of its events",
  )
})

it("a reviewer's role that asks for a second factor is told that one was checked, and the record says so", async () => {
  const at = new Date(Date.now() - 60_000).toISOString()
  const listed = (...more: string[]) => cli("unexplained", "ravi", "--as", "deputy", ...more)
  const without = await listed()
  expect([without.code === 0, without.stdout]).toEqual([false, ""])
  expect(without.stderr).toMatch(/WK202.*second factor/s)
  const old = await listed("--second-factor", new Date(Date.now() - 3_600_000).toISOString())
  expect([old.code === 0, old.stdout]).toEqual([false, ""])
  expect((await listed("--second-factor", at.slice(0, -1))).stderr).toContain("WK009")
  const found = await listed("--second-factor", at)
  expect(found).toMatchObject({ code: 0, stdout: expect.stringContaining("reception-0 as reception for care") })
  const labels = "select actor from wardkeep.session where label = $1"
  const said = `wardkeep audit unexplained, second factor ${at}: weekly review`
  expect(await used.admin(labels, [said])).toEqual([{ actor: "ravi" }])
})
