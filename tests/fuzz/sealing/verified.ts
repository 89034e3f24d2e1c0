import { spawnSync } from "node:child_process"
import { readFile, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { verifyDatabase } from "@wardkeep/audit/verify"
import { runCli } from "../../cli/run-cli.ts"
import { connected } from "../../fixture/clinic.ts"
import type { FuzzedClinic } from "./clinic.ts"

const secondReader = fileURLToPath(new URL("../../../packages/audit/src/verify/second-bundle.py", import.meta.url))

/** Leaves up to which the second reader is asked: it builds each signed tree anew, as it is written in RFC 6962. */
const mostForSecond = 100_000

/** What anybody says against a log that is sound: the verifier with every checkpoint that was kept, the command line, each clinic's bundle, the second reader. */
export async function alarmsOf(fuzzed: FuzzedClinic, kept: readonly string[]): Promise<string[]> {
  const { adminUrl, keys, folder, migratorUrl, branches } = fuzzed
  const { ok, verdicts, anchored, logs } = await connected(adminUrl, (client) =>
    verifyDatabase({ client, keys, anchors: kept }),
  )
  const isSmall = logs.reduce((sum, { size }) => sum + size, 0) <= mostForSecond
  const alarms = verdicts.map(({ name, message }) => `${name} ${message}`)
  if (!ok || !anchored) alarms.push("the log verifies with no checkpoint from outside")
  await writeFile(join(folder, "kept.txt"), kept.at(-1) ?? "")
  const verify = ["--key", "seal.pub", "--anchor", "kept.txt", "--json"]
  const cli = async (...args: string[]): Promise<void> => {
    const { code, stdout, stderr } = await runCli(folder, ["audit", ...args])
    if (code !== 0) alarms.push(`audit ${args[0]} ended with ${code}: ${stdout}${stderr}`)
    if (args[0] === "verify" && !stdout.includes('"verdicts": []')) alarms.push(`audit verify: ${stdout}`)
  }
  await cli("verify", "--database-url", migratorUrl, ...verify)
  const bundled = async (tenant: string): Promise<void> => {
    const out = `${tenant}.wkbundle`
    const about = ["--tenant", tenant, "--reason", "the end of the fuzz", "--out", out]
    await cli("bundle", ...about, "--database-url", migratorUrl, "--json")
    await cli("verify", out, ...verify)
    if (isSmall) alarms.push(...secondOpinion(join(folder, out), await readFile(join(folder, "seal.pub"), "utf8")))
  }
  await Promise.all([...new Set(branches.map((branch) => branch.tenant))].map(bundled))
  return alarms
}

/** By the second implementation, which reads the bundle from its documentation alone. */
function secondOpinion(path: string, key: string): string[] {
  const run = spawnSync("sh", ["-c", `exec python3 "$0" "$2" < "$1"`, secondReader, path, key], {
    encoding: "utf8",
    maxBuffer: 2 ** 26,
  })
  if (run.status !== 0) return [`the second reader: ${run.stderr}`]
  const found: (Record<string, unknown> & { signatures: string[] })[] = JSON.parse(run.stdout)
  if (!Array.isArray(found)) return [`the second reader: ${run.stdout}`]
  return found
    .filter(
      ({ roots, edited, unknown, deleted, named, kept_back, vouched, whole, signatures }) =>
        !(roots && edited === 0 && unknown === 0 && deleted === 0 && named && kept_back === null && vouched && whole) ||
        signatures.some((each) => each !== "valid"),
    )
    .map((log) => `the second reader: ${JSON.stringify(log)}`)
}
