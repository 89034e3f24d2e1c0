import { existsSync, readdirSync, readFileSync, rmSync } from "node:fs"
import { join } from "node:path"
import { root, run, tool } from "./run.mjs"
import { hashOf, isStamped, stamp } from "./stamp.mjs"

const installStamp = join(root, "node_modules/.wardkeep/install")
/** A package is built again when it changes, or one before it does. */
const order = ["core", "permissions", "postgres", "audit", "consent", "conformance", "adopt", "adapters", "wardkeep"]

/** Installs with the pinned pnpm, through npx so that a bare machine needs only Node and npm. */
export async function install() {
  const manifests = workspaceFolders().map((folder) => join(folder, "package.json"))
  const wanted = hashOf(root, ["package.json", "pnpm-lock.yaml", "pnpm-workspace.yaml", ...manifests])
  if (isStamped(installStamp, wanted)) return
  const { packageManager } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"))
  const code = await run("npx", ["--yes", packageManager, "install", "--frozen-lockfile", "--reporter=append-only"], {
    env: { CI: "true", npm_config_loglevel: "error" },
    quiet: true,
  })
  if (code !== 0) throw new Error(`${packageManager} install exited with ${code}`)
  stamp(installStamp, wanted)
}

/** Builds the packages and examples whose sources, or whose dependencies' sources, changed. */
export async function build() {
  const tools = ["tests/config/tsup-library.ts", "tests/scripts/declare.mjs", "tsconfig.base.json", "pnpm-lock.yaml"]
  const folders = [...order.map((name) => `packages/${name}`), "tests/harness", ...below("examples")]
  const seen = []
  for (const folder of folders.filter((name) => existsSync(join(root, name, "tsup.config.ts")))) {
    if (!folder.startsWith("examples/")) seen.push(folder)
    const wanted = hashOf(root, [...tools, ...seen, folder])
    const file = join(root, "node_modules/.wardkeep", folder.replaceAll("/", "-"))
    const dist = join(root, folder, "dist")
    if (existsSync(dist) && isStamped(file, wanted)) continue
    await buildOne(folder, dist)
    stamp(file, wanted)
  }
}

/** The bundler of JavaScript works in a process of its own while declarations are made here. */
async function buildOne(folder, dist) {
  rmSync(dist, { recursive: true, force: true })
  const started = Date.now()
  const bundling = tool("tsup/dist/cli-default.js", [], { cwd: join(root, folder), quiet: true })
  // Imported late: the compiler comes with the installation that this file makes.
  if (!folder.startsWith("examples/")) (await import("./declare.mjs")).declare(join(root, folder))
  const code = await bundling
  if (code !== 0) throw new Error(`building ${folder} exited with ${code}`)
  process.stdout.write(`built ${folder} in ${((Date.now() - started) / 1000).toFixed(1)} s\n`)
}

function below(folder) {
  if (!existsSync(join(root, folder))) return []
  return readdirSync(join(root, folder)).map((name) => `${folder}/${name}`)
}

function workspaceFolders() {
  return [...below("packages"), ...below("examples"), "tests", "tests/bench", "tests/harness"]
}
