import { spawnSync } from "node:child_process"
import { existsSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { fetched } from "./fetched.mjs"
import { root } from "./run.mjs"

/** One version per major, and what npm must find each platform's package to be. */
const builds = JSON.parse(readFileSync(join(root, "tests/config/node-builds.json"), "utf8"))
const cache = join(root, "node_modules/.wardkeep/nodes")

export const majors = Object.keys(builds)

const variable = (major) => `WARDKEEP_NODE${major}`

/**
 * The program of a Node.js of this major: the one that the environment names, or the pinned one, fetched when it is not there
 * yet. It is asked what it is: tests that ran on another one would say nothing.
 */
export async function nodeProgram(major, { platform = `${process.platform}-${process.arch}`, folder = cache } = {}) {
  const { version, integrity } = builds[major] ?? { integrity: {} }
  const given = process.env[variable(major)]
  if (given === undefined && integrity[platform] === undefined)
    throw new Error(`npm has no build of Node.js ${major} for ${platform}; set ${variable(major)} to its program`)
  const build = { name: `node-${platform}`, version, integrity: integrity[platform] }
  const program = given ?? join(await fetched(build, folder), "bin/node")
  if (!existsSync(program)) throw new Error(`${program} is not there; ${variable(major)} names the program itself`)
  const said = spawnSync(program, ["--version"], { encoding: "utf8" }).stdout?.trim() ?? ""
  if (given === undefined ? said !== `v${version}` : !said.startsWith(`v${major}.`))
    throw new Error(`${program} says that it is ${said || "nothing"}, and not Node.js ${given ? major : version}`)
  return { program, version: said.slice(1) }
}
