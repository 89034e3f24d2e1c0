import { spawn } from "node:child_process"
import { randomBytes } from "node:crypto"
import { mkdtemp, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"

/** What `wardkeep` runs. */
export const wardkeepBin = fileURLToPath(new URL("../../packages/wardkeep/bin/wardkeep.js", import.meta.url))

export interface Ran {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

export interface Started {
  kill(signal: NodeJS.Signals): void
  /** What it has printed up to now. */
  printed(): string
  /** A process that is killed has no exit code. */
  readonly ended: Promise<Ran>
}

/** The real command line as a child process, without a terminal and with nothing but these variables set. */
export async function runCli(
  folder: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<Ran> {
  return await startCli(folder, args, env).ended
}

/** The same, for those who do something to it meanwhile. */
export function startCli(folder: string, args: readonly string[], env: Readonly<Record<string, string>> = {}): Started {
  const child = spawn(process.execPath, [wardkeepBin, ...args], {
    cwd: folder,
    env: { PATH: process.env.PATH ?? "", ...env },
    stdio: ["ignore", "pipe", "pipe"],
  })
  let stdout = ""
  let stderr = ""
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    stdout += text
  })
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr += text
  })
  const ended = new Promise<Ran>((resolve, reject) => {
    child.once("error", reject)
    child.once("close", (code) => resolve({ code, stdout, stderr }))
  })
  return { kill: (signal) => void child.kill(signal), printed: () => stdout, ended }
}

const folders: string[] = []

/** After each test file, also when a test or a hook of it fails: remove-folders.ts. */
export async function removeFolders(): Promise<void> {
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true, force: true })
}

/** A folder that goes with the test file. */
export async function emptyFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "wardkeep-cli-"))
  folders.push(folder)
  return folder
}

/** Roles belong to the whole cluster, so every test names a deployment of its own. */
export function newDeployment(): string {
  return `c${randomBytes(4).toString("hex")}`
}

/** The small clinic's tables, as a host would have them. */
export const hostTables = `
create table clinic (id uuid primary key default gen_random_uuid(), name text not null);
create table branch (id uuid primary key default gen_random_uuid(), clinic_id uuid not null references clinic, name text not null);
create table patient (
  clinic_id uuid not null, branch_id uuid not null, id uuid not null default gen_random_uuid(), full_name text not null,
  primary key (clinic_id, branch_id, id)
);
create table price (code text primary key, rupees integer not null);`

export function policyText(deployment: string, tables = "patient: { scope: 'branch' }"): string {
  return `import { definePolicy } from "wardkeep/policy"

interface Unused { readonly typed: true }

export default definePolicy({
  deployment: "${deployment}",
  tenancy: { tenant: "clinic", branch: "branch", columns: { tenant: "clinic_id", branch: "branch_id" } },
  rest: "unmanaged",
  tables: { ${tables} },
  purposes: { care: { basis: "s7a" } },
  roles: { reception: { purposes: ["care"], can: { patient: "manage" } } },
} satisfies object)

export type { Unused }
`
}

export async function writePolicy(folder: string, deployment: string, tables?: string): Promise<void> {
  await writeFile(join(folder, "wardkeep.policy.ts"), policyText(deployment, tables))
}
