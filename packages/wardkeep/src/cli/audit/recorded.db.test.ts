import { randomBytes } from "node:crypto"
import { writeFile } from "node:fs/promises"
import { join } from "node:path"
import { audit, download, recordRefusals, recordViews } from "@wardkeep/audit"
import { definePolicy } from "@wardkeep/core"
import type { Session } from "@wardkeep/postgres"
import { beforeAll, expect, it } from "vitest"
import { callCli } from "#tests/cli/call-cli.ts"
import { emptyFolder, startCli } from "#tests/cli/run-cli.ts"
import { useClient } from "#tests/fixture/client.ts"
import { detectionDocument } from "#tests/fixture/policy.ts"
import { useDatabase } from "#tests/harness/src/use-database.ts"

const database = useDatabase()
const { doctor } = detectionDocument.roles
const document = {
  ...detectionDocument,
  deployment: `r${randomBytes(4).toString("hex")}`,
  roles: {
    ...detectionDocument.roles,
    doctor: { ...doctor, can: { ...doctor.can, patient: { read: true, create: true, download: true } } },
  },
} as const
const used = useClient(database, {
  policy: definePolicy(document),
  extensions: [audit],
  views: recordViews,
  refusals: recordRefusals,
})
/** What stands in rows, in the file and in a statement, and in no line. */
const hidden = ["Ravi Kapoor", "+919812345678", "positive", "what the chart says"] as const
const [fullName, phone, status, chart] = hidden
const at = String.raw`^\d{4}-\d{2}-\d{2}T[\d:.]+Z {2}`
let folder = ""
let env: Record<string, string> = {}
let patient = ""
let reception: Session

const about = (): string[] => ["--tenant", used.clinic.branches[0].clinic, "--reason", "complaint 4"]
const denials = async (): Promise<number> =>
  (await used.admin<{ n: number }>("select count(*)::int as n from wardkeep_audit.event where verb = 'deny'"))[0]?.n ??
  0

/** A view of a person, a download of the person's chart, and a column that was refused. */
async function viewDownloadAndDenial(): Promise<void> {
  await used.wk.run(used.doctor, async () => {
    await used.wk.query("select id, full_name, phone, hiv_status from patient where id = $1", [patient])
    const source = async function* (): AsyncGenerator<string> {
      yield chart
    }
    const what = { relation: "public.patient", records: [patient], file: "chart.pdf" }
    let bytes = 0
    for await (const piece of await download(used.wk, what, source())) bytes += piece.length
    expect(bytes).toBe(chart.length)
  })
  const before = await denials()
  const guess = `select hiv_status from public.patient where full_name = '${fullName}'`
  await expect(used.wk.run(reception, () => used.wk.query(guess))).rejects.toMatchObject({ code: "42501" })
  await expect.poll(denials, { timeout: 10_000 }).toBe(before + 1)
}

beforeAll(async () => {
  folder = await emptyFolder()
  await writeFile(join(folder, "wardkeep.policy.json"), JSON.stringify(document))
  env = { WARDKEEP_MIGRATOR_URL: database.url(used.clinic.logins.migrator) }
  const made = await used.wk.run(used.doctor, () =>
    used.wk.query<{ id: string }>(
      "insert into patient (full_name, phone, hiv_status) values ($1, $2, $3) returning id",
      [fullName, phone, status],
    ),
  )
  patient = made.rows[0]?.id ?? ""
  reception = await used.newSession("reception", 0)
})

it("a view, a download and a refusal are a line each, with whose and how many, and no value of a row", async () => {
  await viewDownloadAndDenial()
  const whole = "doctor-0 as doctor for care: "
  const lines: readonly (readonly [string[], string])[] = [
    [["who-saw", "--subject", patient], `${whole}public\\.patient \\(sensitive\\), 1 row`],
    [
      ["exports"],
      `${whole}download public\\.patient, 1 person, completed, ${chart.length} bytes, SHA-256 [0-9a-f]{64}`,
    ],
    [["denied"], "reception-0 as reception: refused public\\.patient \\(42501\\)"],
  ]
  for (const [asked, line] of lines) {
    const told = await callCli(folder, ["audit", ...asked, ...about()], env)
    expect(told, asked[0]).toMatchObject({ code: 0, stderr: "" })
    expect(told.stdout, asked[0]).toMatch(new RegExp(`${at}${line}(?: \\[not sealed yet\\])?$`, "m"))
    for (const value of hidden) expect(told.stdout, asked[0]).not.toContain(value)
  }
})

it("whoever follows the log is told of each as it is committed, and of no value of a row", async () => {
  const following = startCli(folder, ["audit", "tail", ...about()], env)
  try {
    const begun = async (): Promise<number> =>
      (await used.admin(`select from wardkeep_audit.event where detail like '%"tail"%'`)).length
    await expect.poll(begun, { timeout: 20_000 }).toBe(1)
    await viewDownloadAndDenial()
    for (const line of [
      "doctor-0 as doctor for care: view public\\.patient ",
      `doctor-0 as doctor for care: download public\\.patient ${patient}`,
      "reception-0 as reception for care: deny public\\.patient ",
    ])
      await expect.poll(following.printed, { timeout: 20_000 }).toMatch(new RegExp(`${at}${line}`, "m"))
  } finally {
    following.kill("SIGTERM")
  }
  const told = await following.ended
  expect(told).toMatchObject({ code: 0, stderr: "" })
  for (const value of hidden) expect(told.stdout).not.toContain(value)
})
