import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { run } from "./run.mjs"

/** The unpacked package, below `folder`. A lockfile with its hash lets npm itself refuse anything else. */
export async function fetched({ name, version, integrity }, folder) {
  const target = join(folder, `${name.split("/").at(-1)}-${version}`)
  const content = join(target, "node_modules", name)
  if (existsSync(content)) return content
  mkdirSync(folder, { recursive: true })
  const partial = mkdtempSync(join(folder, "partial-"))
  try {
    await install(partial, { name, version, integrity })
    rmSync(target, { recursive: true, force: true })
    renameSync(partial, target)
  } finally {
    rmSync(partial, { recursive: true, force: true })
  }
  return content
}

async function install(folder, { name, version, integrity }) {
  const manifest = { name: "fetched", version: "0.0.0", private: true, dependencies: { [name]: version } }
  const packages = { "": manifest, [`node_modules/${name}`]: { version, integrity } }
  const lock = { name: "fetched", version: "0.0.0", lockfileVersion: 3, requires: true, packages }
  writeFileSync(join(folder, "package.json"), JSON.stringify(manifest))
  writeFileSync(join(folder, "package-lock.json"), JSON.stringify(lock))
  process.stdout.write(`fetching ${name} ${version}\n`)
  // Of a server: the links that its install script would make are made when it is started.
  const args = ["ci", "--prefix", folder, "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
  const code = await run("npm", args, { cwd: folder, quiet: true })
  if (code !== 0) throw new Error(`${name} ${version} could not be fetched: npm ended with ${code}`)
}
