import { spawn } from "node:child_process"
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { z } from "zod"
import type { Installed } from "./installed.ts"

/** The parts of a report that are scored. */
const report = z.object({
  verdict: z.enum(["LEAK", "NOT_FOUND", "INCONCLUSIVE"]),
  probes: z.number(),
  findings: z.array(
    z.object({
      check: z.string(),
      verdict: z.enum(["LEAK", "INCONCLUSIVE"]),
      severity: z.enum(["leak", "oracle", "hygiene"]),
      object: z.string(),
      replay: z.string(),
    }),
  ),
})

export type Finding = z.infer<typeof report>["findings"][number]
export type Verified = { readonly seconds: number } & (
  | { readonly report: z.infer<typeof report>; readonly text: string }
  | { readonly failure: string }
)

interface Run {
  readonly mode: "catalog" | "probe"
  /** It is ended then. */
  readonly limitSeconds: number
}

const ordinary: Run = { mode: "probe", limitSeconds: 120 }

/** The real command line as a child process, with the application's login as a stranger would run it. */
export async function verify(
  cli: string,
  { system, url, adminUrl }: Installed,
  { mode, limitSeconds } = ordinary,
): Promise<Verified> {
  const folder = mkdtempSync(join(tmpdir(), "wardkeep-corpus-"))
  const [targetFile, out] = [join(folder, "target.json"), join(folder, "report.json")]
  writeFileSync(targetFile, JSON.stringify(system.target))
  const args = ["verify", "--database-url", adminUrl, "--app-url", url(system.app), "--target", targetFile]
  const started = performance.now()
  try {
    const all = [cli, ...args, "--mode", mode, "--format", "json", "--out", out]
    const ran = await run(process.execPath, all, folder, limitSeconds)
    const seconds = (performance.now() - started) / 1000
    return { seconds, ...readReport(out, ran) }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function readReport(file: string, { code, stderr }: Ran) {
  try {
    const text = readFileSync(file, "utf8")
    return { report: report.parse(JSON.parse(text)), text }
  } catch (error) {
    const why = error instanceof z.ZodError ? z.prettifyError(error) : "no report"
    return { failure: `exit code ${code}, ${why}: ${stderr.trim().slice(0, 300)}` }
  }
}

interface Ran {
  readonly code: number | null
  readonly stderr: string
}

async function run(command: string, args: readonly string[], cwd: string, limitSeconds: number): Promise<Ran> {
  const child = spawn(command, args, {
    cwd,
    env: { PATH: process.env.PATH ?? "" },
    stdio: ["ignore", "ignore", "pipe"],
    timeout: limitSeconds * 1000,
    killSignal: "SIGKILL",
  })
  let stderr = ""
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr += text
  })
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once("error", reject)
    child.once("close", resolve)
  })
  return { code, stderr: code === null ? `ended after ${limitSeconds} s` : stderr }
}
