import { spawn } from "node:child_process"
import { mkdir, mkdtemp, readFile, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { fileURLToPath } from "node:url"

const root = fileURLToPath(new URL("../..", import.meta.url))

export interface Finished {
  readonly code: number | null
  readonly output: string
}

/** A folder below tests/, where `wardkeep` and `pg` resolve as they do for a user. */
export async function workshop(): Promise<string> {
  const parent = join(root, "tests/results/snippets")
  await mkdir(parent, { recursive: true })
  const folder = await mkdtemp(join(parent, "run-"))
  await writeFile(join(folder, "package.json"), '{ "type": "module", "private": true }\n')
  return folder
}

/** Compiles every `.ts` file there against the built packages, strictly, as a user's project would. */
export async function compile(folder: string, files: readonly string[]): Promise<Finished> {
  const options = {
    strict: true,
    module: "NodeNext",
    target: "ES2022",
    types: ["node"],
    typeRoots: [join(root, "node_modules/@types")],
    skipLibCheck: true,
  }
  await writeFile(join(folder, "tsconfig.json"), JSON.stringify({ compilerOptions: options, files }))
  return await run(folder, [join(root, "node_modules/typescript/bin/tsc"), "-p", folder])
}

export async function run(folder: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Finished> {
  const child = spawn(process.execPath, [...args], { cwd: folder, env: { PATH: process.env.PATH, ...env } })
  let output = ""
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding("utf8").on("data", (text: string) => {
      output += text
    })
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once("error", reject)
    child.once("close", resolve)
  })
  return { code, output }
}

export async function readDocument(path: string): Promise<string> {
  return await readFile(join(root, path), "utf8")
}
