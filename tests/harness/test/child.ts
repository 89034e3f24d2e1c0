import { type ChildProcess, spawn } from "node:child_process"
import { once } from "node:events"
import { chmodSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { createInterface } from "node:readline"
import { fileURLToPath } from "node:url"
import ts from "typescript"
import type { Account } from "../src/account.ts"

export interface Started {
  readonly child: ChildProcess
  readonly pid: number
  readonly port: number
  readonly folder: string
}

/** How the child ends; "wait" leaves it to the test. */
export type Ending = "stop" | "return" | "exit" | "throw" | "wait"

const source = fileURLToPath(new URL("../src/", import.meta.url))

const script = `
import { startEmbedded } from "./embedded.js"
const [binaries, ending] = process.argv.slice(2)
const server = await startEmbedded({ binaries })
console.log(JSON.stringify({ pid: server.pid, port: server.port, folder: server.folder }))
if (ending === "stop") await server.stop()
if (ending === "exit") process.exit(3)
if (ending === "throw") setTimeout(() => { throw new Error("planted") })
if (ending === "wait") setInterval(() => undefined, 1_000)
`

/** The harness as JavaScript, so that a bare process without a test runner can be killed. */
export function compiledHarness(): string {
  const folder = mkdtempSync(join(tmpdir(), "wardkeep-compiled-"))
  chmodSync(folder, 0o755)
  for (const name of readdirSync(source).filter((file) => file.endsWith(".ts"))) {
    const { outputText } = ts.transpileModule(readFileSync(join(source, name), "utf8"), {
      compilerOptions: {
        module: ts.ModuleKind.ESNext,
        target: ts.ScriptTarget.ES2022,
        rewriteRelativeImportExtensions: true,
      },
    })
    writeFileSync(join(folder, name.replace(/ts$/, "js")), outputText)
  }
  writeFileSync(join(folder, "package.json"), '{ "type": "module" }')
  writeFileSync(join(folder, "child.js"), script)
  return folder
}

export async function startInChild(
  compiled: string,
  binaries: string,
  ending: Ending,
  account?: Account,
): Promise<Started> {
  const child = spawn(process.execPath, [join(compiled, "child.js"), binaries, ending], {
    ...account,
    cwd: "/",
    stdio: ["ignore", "pipe", "pipe"],
  })
  const errors: string[] = []
  child.stderr?.on("data", (data: Buffer) => errors.push(data.toString()))
  const line = await Promise.race([
    once(createInterface({ input: child.stdout }), "line"),
    once(child, "close").then(() => undefined),
  ])
  if (line === undefined) throw new Error(`the child started no server:\n${errors.join("")}`)
  return { child, ...(JSON.parse(String(line[0])) as Omit<Started, "child">) }
}
