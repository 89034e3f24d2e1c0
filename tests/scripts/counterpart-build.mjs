import { spawnSync } from "node:child_process"
import { createHash } from "node:crypto"
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs"
import { join } from "node:path"
import { root, run } from "./run.mjs"

/** What is fetched: packages of Debian, which sign, and the hashes of the files that were tried. */
const counterparts = JSON.parse(readFileSync(join(root, "tests/config/counterparts.json"), "utf8"))
const cache = join(root, "node_modules/.wardkeep/counterparts")
/** What the programs need to run; what an installation would also bring, such as a login shell's sudo, is not unpacked. */
const needed = /^(ceph-|radosgw_|lib|sigsum-go_)/

export const names = Object.keys(counterparts)

/**
 * The variable that leads the harness to a counterpart: the folder that the environment names (`/` where it is installed), or
 * the pinned version, fetched with apt when it is not there yet. Nothing is installed: packages are unpacked below `folder`.
 */
export async function counterpartEnvironment(name, { pinned = counterparts[name], folder = cache } = {}) {
  const { variable, programs, version } = pinned
  const lacks = (place) => programs.filter((program) => !existsSync(join(place, "usr/bin", program)))
  const hint = `set ${variable} to the folder above its usr/bin, / where it is installed`
  const given = process.env[variable]
  if (given !== undefined) {
    if (lacks(given).length > 0) throw new Error(`${given} has no ${lacks(given).join(", ")}; ${hint}`)
    return { [variable]: given }
  }
  const target = join(folder, `${name}-${version}`)
  if (existsSync(target)) return { [variable]: target }
  mkdirSync(folder, { recursive: true })
  const partial = mkdtempSync(join(folder, "partial-"))
  try {
    process.stdout.write(`fetching ${name} ${version}\n`)
    await download(partial, pinned)
    await unpack(partial, pinned)
    const missing = lacks(join(partial, "root"))
    if (missing.length > 0) throw new Error(`the packages came without ${missing.join(", ")}`)
    renameSync(join(partial, "root"), target)
  } catch (error) {
    throw new Error(`${name} ${version} could not be fetched: ${error.message}; ${hint}`)
  } finally {
    rmSync(partial, { recursive: true, force: true })
  }
  return { [variable]: target }
}

/** apt resolves against what the machine has and writes to folders of its own, so that neither root nor a lock is needed. */
async function download(folder, { packages, version, suite }) {
  const inside = (name) => join(folder, name)
  for (const name of ["lists/partial", "cache", "archives/partial"]) mkdirSync(inside(name), { recursive: true })
  const settings = {
    "Dir::State::lists": inside("lists"),
    "Dir::Cache": inside("cache"),
    "Dir::Cache::archives": inside("archives"),
    "Debug::NoLocking": "true",
    "APT::Sandbox::User": "",
    ...(suite !== undefined && { "Dir::Etc::sourcelist": inside("suite.list"), "Dir::Etc::sourceparts": "/dev/null" }),
  }
  if (suite !== undefined) writeFileSync(inside("suite.list"), sourceOf(suite))
  const own = ["-qq", ...Object.entries(settings).flatMap(([name, value]) => ["-o", `${name}=${value}`])]
  const wanted = packages.map((name) => `${name}=${version}`)
  // Of another release than the machine's only the package itself: it needs no library but the C library.
  const fetch =
    suite === undefined
      ? ["install", "--download-only", "--yes", "--no-install-recommends", ...wanted]
      : ["download", ...wanted]
  for (const args of [["update"], fetch]) {
    const code = await run("apt-get", [...own, ...args], { quiet: true, cwd: inside("archives") })
    if (code !== 0) throw new Error(`apt-get ${args[0]} ended with ${code}`)
  }
}

/** Of the package debian-archive-keyring; without it apt asks its own trusted keys. */
const keyring = "/usr/share/keyrings/debian-archive-keyring.gpg"

/** The machine's own mirror of Debian, at another release. */
function sourceOf(suite) {
  const format = "$(ORIGIN)|$(LABEL)|$(REPO_URI)"
  const { stdout } = spawnSync("apt-get", ["indextargets", "--format", format], { encoding: "utf8" })
  const lines = (stdout ?? "").split("\n").map((line) => line.split("|"))
  const [, , mirror] = lines.find(([origin, label]) => origin === "Debian" && label === "Debian") ?? []
  if (mirror === undefined) throw new Error("apt knows no mirror of Debian here")
  return `deb ${existsSync(keyring) ? `[signed-by=${keyring}] ` : ""}${mirror} ${suite} main\n`
}

async function unpack(folder, { version, sha256 }) {
  const archives = readdirSync(join(folder, "archives")).filter((name) => name.endsWith(".deb") && needed.test(name))
  for (const name of archives) {
    const path = join(folder, "archives", name)
    const hash = createHash("sha256").update(readFileSync(path)).digest("hex")
    // What it links to follows the distribution's updates; that those are Debian's, apt has verified.
    if (name.split("_")[1] === version && sha256[name] !== hash)
      throw new Error(`${name} is not the file that tests/config/counterparts.json names`)
    const code = await run("dpkg", ["-x", path, join(folder, "root")], { quiet: true })
    if (code !== 0) throw new Error(`dpkg could not unpack ${name}`)
  }
}
