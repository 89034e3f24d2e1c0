import { createHash } from "node:crypto"
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync } from "node:fs"
import { join } from "node:path"
import { root, run } from "./run.mjs"

const { ceph } = JSON.parse(readFileSync(join(root, "tests/config/counterparts.json"), "utf8"))
const cache = join(root, "node_modules/.wardkeep/counterparts")
/** What the three servers need to run; a login shell's sudo, which their packages ask for too, is not unpacked. */
const needed = /^(ceph-|radosgw_|lib)/

/**
 * The variable that leads the harness to Ceph: the folder that the environment names (`/` where it is installed), or the
 * pinned version, fetched with apt when it is not there yet. Nothing is installed: packages are unpacked below `folder`.
 */
export async function cephEnvironment({ given = process.env.WARDKEEP_CEPH, pinned = ceph, folder = cache } = {}) {
  if (given !== undefined) return { WARDKEEP_CEPH: requirePrograms(given, "WARDKEEP_CEPH names a folder without") }
  const target = join(folder, `ceph-${pinned.version}`)
  if (!existsSync(target)) {
    mkdirSync(folder, { recursive: true })
    const partial = mkdtempSync(join(folder, "partial-"))
    try {
      await download(partial, pinned.version)
      await unpack(partial, pinned)
      requirePrograms(join(partial, "root"), `the packages of Ceph ${pinned.version} came without`)
      renameSync(join(partial, "root"), target)
    } finally {
      rmSync(partial, { recursive: true, force: true })
    }
  }
  return { WARDKEEP_CEPH: target }
}

function requirePrograms(folder, told) {
  const missing = ["ceph-mon", "ceph-osd", "radosgw"].filter((name) => !existsSync(join(folder, "usr/bin", name)))
  if (missing.length === 0) return folder
  throw new Error(
    `${told} ${missing.join(", ")}; set WARDKEEP_CEPH to the folder above usr/bin, / where it is installed`,
  )
}

/** apt resolves against what the machine has and writes to folders of its own, so that neither root nor a lock is needed. */
async function download(folder, version) {
  const own = [
    ...["-o", `Dir::State::lists=${join(folder, "lists")}`, "-o", `Dir::Cache=${join(folder, "cache")}`],
    ...["-o", `Dir::Cache::archives=${join(folder, "archives")}`, "-o", "Debug::NoLocking=true"],
    ...["-o", "APT::Sandbox::User=", "-qq"],
  ]
  for (const name of ["lists/partial", "cache", "archives/partial"]) mkdirSync(join(folder, name), { recursive: true })
  const wanted = ["radosgw", "ceph-mon", "ceph-osd"].map((name) => `${name}=${version}`)
  process.stdout.write(`fetching Ceph ${version}\n`)
  const install = ["install", "--download-only", "--yes", "--no-install-recommends", ...wanted]
  for (const args of [["update"], install]) {
    const code = await run("apt-get", [...own, ...args], { quiet: true })
    if (code !== 0)
      throw new Error(
        `Ceph ${version} could not be fetched: apt-get ${args[0]} ended with ${code}. It is a package of Debian 12; elsewhere install Ceph and set WARDKEEP_CEPH=/`,
      )
  }
}

async function unpack(folder, { version, sha256 }) {
  const archives = readdirSync(join(folder, "archives")).filter((name) => name.endsWith(".deb") && needed.test(name))
  for (const name of archives) {
    const path = join(folder, "archives", name)
    const [title, from] = name.replace(/\.deb$/, "").split("_")
    const hash = createHash("sha256").update(readFileSync(path)).digest("hex")
    // What Ceph links to follows the distribution's updates; that those are Debian's, apt has verified.
    if (from === version && sha256[name] !== hash)
      throw new Error(`${title} ${version} is not the file that tests/config/counterparts.json names`)
    const code = await run("dpkg", ["-x", path, join(folder, "root")], { quiet: true })
    if (code !== 0) throw new Error(`${name} could not be unpacked: dpkg ended with ${code}`)
  }
}
