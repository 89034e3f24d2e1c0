import { generateKeyPairSync } from "node:crypto"
import { readFile, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { audit, recordViews } from "@wardkeep/audit"
import { definePolicy } from "@wardkeep/core"
import type { Session } from "@wardkeep/postgres"
import { beforeAll, expect, it } from "vitest"
import { callCli } from "#tests/cli/call-cli.ts"
import { emptyFolder, newDeployment } from "#tests/cli/run-cli.ts"
import { useClient } from "#tests/fixture/client.ts"
import { withLogin } from "#tests/fixture/clinic.ts"
import { useDatabase } from "#tests/harness/src/use-database.ts"

/** The small clinic, with the record of who saw a patient. */
const document = {
  deployment: newDeployment(),
  tenancy: { tenant: "clinic", branch: "branch", columns: { tenant: "clinic_id", branch: "branch_id" } },
  tables: {
    clinic: { scope: "tenant" },
    branch: { scope: "tenant" },
    drug: { scope: "global" },
    staff: { scope: "tenant" },
    patient: { scope: "branch", subject: "id", audit: { views: true } },
    visit: { scope: "branch", subject: "patient_id", audit: { views: true } },
    note: { scope: { through: "visit", by: "visit_id" } },
  },
  purposes: { care: { basis: "s7a" } },
  roles: {
    reception: {
      purposes: ["care"],
      can: {
        branch: "read",
        patient: { read: ["clinic_id", "branch_id", "id", "full_name", "phone"], update: ["phone"] },
      },
    },
    doctor: {
      purposes: ["care"],
      mfa: "PT12H",
      can: { branch: "read", drug: "read", patient: "manage", visit: "manage", note: "manage" },
    },
  },
} as const

const database = useDatabase()
const used = useClient(database, { policy: definePolicy(document), extensions: [audit], views: recordViews })
let folder = ""
let env: Record<string, string> = {}
let words: Record<string, string> = {}

const target = (sessions: readonly Session[]) => ({
  tenants: sessions.map(({ grants: [grant] }, n) => ({
    name: `clinic ${n}`,
    key: [...grant!.branches, grant!.tenant],
    connect: { role: grant!.dbRole, settings: { "wardkeep.token": grant!.token } },
  })),
  tenantColumns: Object.fromEntries([
    ...["patient", "visit", "note"].map((table) => [`public.${table}`, "branch_id"]),
    ["public.staff", "clinic_id"],
    ["public.branch", "clinic_id"],
    ["public.clinic", "id"],
  ]),
  schemas: ["public"],
  global: ["public.drug"],
})

beforeAll(async () => {
  folder = await emptyFolder()
  const { logins, key } = used.clinic
  const { privateKey, publicKey } = generateKeyPairSync("ed25519")
  const keys = {
    private: privateKey.export({ type: "pkcs8", format: "pem" }),
    public: publicKey.export({ type: "spki", format: "pem" }),
  }
  const [tenant] = used.doctor.grants
  const [patient] = (
    await used.wk.run(used.doctor, () => used.wk.query<{ id: string }>("select id, full_name from patient limit 1"))
  ).rows
  const files = {
    "wardkeep.policy.json": JSON.stringify(document),
    "target.json": JSON.stringify(target([used.doctor, used.other])),
    "vendor.pem": String(keys.private),
    "vendor.pub": String(keys.public),
  }
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text)
  words = { CLINIC: tenant!.tenant, BRANCH: tenant!.branches[0]!, PATIENT: patient!.id }
  env = {
    WARDKEEP_ADMIN_URL: database.adminUrl,
    WARDKEEP_MIGRATOR_URL: withLogin(database.ownerUrl, logins.migrator),
    WARDKEEP_APP_URL: database.appUrl(logins.app),
    WARDKEEP_ISSUER_URL: database.url(logins.issuer),
    WARDKEEP_KEY_ID: key.id,
    WARDKEEP_SIGNING_KEY: key.secret.toString("hex"),
  }
})

interface Answer {
  readonly question: string
  readonly commands: readonly string[]
  readonly lines: readonly string[]
}

function answersOf(text: string): Answer[] {
  return text
    .split("\n## ")
    .slice(1)
    .flatMap((part): Answer[] => {
      const block = (language: string) =>
        new RegExp(`\`\`\`${language}\n(.*?)\n\`\`\``, "s").exec(part)?.[1]?.split("\n") ?? []
      const question = part.split("\n")[0] ?? ""
      const commands = block("sh").map((line) => line.replace(/^npx wardkeep /, ""))
      return /^\d+\. /.test(question) ? [{ question, commands, lines: block("text") }] : []
    })
}

/** As a shell splits them, with the clinic's ids put in. */
const argsOf = (command: string): string[] =>
  [...command.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, plain = ""]) =>
    (quoted ?? plain).replace(/\$(\w+)/g, (_all, name: string) => words[name] ?? ""),
  )

/** A line of the page somewhere in one line of the output, however wide its columns are. */
function isPrinted(line: string, output: string): boolean {
  const parts = line.split("…").map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&").replace(/ +/g, " +"))
  return new RegExp(parts.join(".+")).test(output)
}

/** Half a minute for all of its checks; that they run is the conformance suite's own test. */
const shortened = (command: string): string[] =>
  /^verify --target/.test(command) && !command.includes("--mode") ? ["--only", "WKC020"] : []

it("the page asks ten questions, each with a command and what it prints", async () => {
  const answers = answersOf(await readFile(new URL("../../docs/BUYER.md", import.meta.url), "utf8"))
  expect(answers).toHaveLength(10)
  for (const { question, commands, lines } of answers) {
    expect([commands.length > 0, lines.length > 0], question).toEqual([true, true])
    let output = ""
    for (const command of commands) {
      const ran = await callCli(folder, [...argsOf(command), ...shortened(command)], env)
      output += `${ran.stdout}${ran.stderr}`
      // 1 is an answer, with findings; more is none.
      expect(ran.code, `${command}\n${output}`).toBeLessThan(2)
    }
    for (const line of lines) expect(isPrinted(line, output), `${question}\n${line}\n${output}`).toBe(true)
  }
})

it("a line that is not printed is found, and so is a command that is not there", async () => {
  expect(isPrinted("PASSED: … passed, 0 failed", "PASSED: 12 passed, 1 failed")).toBe(false)
  expect(isPrinted("PASSED: … passed, 0 failed", "PASSED: 12 passed, 0 failed, 0 could not be tried")).toBe(true)
  expect((await callCli(folder, argsOf("matrix everything"), env)).code).toBe(2)
})
