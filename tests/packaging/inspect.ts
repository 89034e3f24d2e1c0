import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { publint } from "publint"
import { execute } from "./execute.ts"
import { root, type Tarball } from "./pack.ts"

const installScripts = ["preinstall", "install", "postinstall", "prepare"]
const unwanted = /(^|\/)(src|node_modules)\/|\.test\.|tsconfig|tsup\.config|\.env/

function sqlFiles(folder: string, below = "sql"): string[] {
  try {
    return readdirSync(join(folder, below), { withFileTypes: true }).flatMap((entry) => {
      const path = `${below}/${entry.name}`
      return entry.isDirectory() ? sqlFiles(folder, path) : path.endsWith(".sql") ? [path] : []
    })
  } catch {
    return []
  }
}

/** What is missing from a tarball, or should not be in it. */
export function contentFindings({ folder, entries, manifest }: Tarball): string[] {
  const held = new Set(entries)
  const text = JSON.stringify(manifest)
  return [
    ...sqlFiles(folder).flatMap((file) => (held.has(file) ? [] : [`${file} is not packed`])),
    ...entries.flatMap((entry) => (unwanted.test(entry) ? [`${entry} is packed`] : [])),
    ...installScripts.flatMap((name) => (manifest.scripts?.[name] ? [`runs ${name} on install`] : [])),
    ...["workspace:", "@wardkeep/source"].flatMap((word) => (text.includes(word) ? [`manifest says ${word}`] : [])),
    ...(held.has("LICENSE") ? [] : ["LICENSE is not packed"]),
  ]
}

/** What publint objects to, without its suggestions. */
export async function publintFindings({ file }: Tarball): Promise<string[]> {
  const bytes = readFileSync(file)
  const tarball = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) as ArrayBuffer
  const { messages } = await publint({ pack: { tarball }, level: "warning" })
  return messages.map(({ code, path }) => `${code} at ${path.join(".")}`)
}

/** What arethetypeswrong finds for Node's ESM, Node's CommonJS and bundlers. */
export async function typeFindings({ file, manifest }: Tarball): Promise<string[]> {
  const attw = join(root, "node_modules/@arethetypeswrong/cli/dist/index.js")
  const entrypoints = Object.keys(manifest.exports).filter((path) => !/package\.json|\*/.test(path))
  const args = [attw, file, "--profile", "node16", "--format", "ascii", "--no-color", "--entrypoints", ...entrypoints]
  const { code, stdout, stderr } = await execute(process.execPath, args, root)
  return code === 0 ? [] : [`${stdout}${stderr}`]
}
