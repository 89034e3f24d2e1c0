import { existsSync, readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { build, install } from "./bootstrap.mjs"
import { root, run } from "./run.mjs"
import { hashOf, isStamped, stamp } from "./stamp.mjs"
import { Tally } from "./tally.mjs"
import { vitest } from "./vitest.mjs"

// `npm run next`: the contract of wardkeep/next on Next's own production server. By hand, because Next is 340 MB, more
// than everything else together. It has a folder and a lockfile of its own, and is installed and built when that changes.
const folder = join(root, "tests/next")
const seconds = (since) => `${((Date.now() - since) / 1000).toFixed(1)} s`

await install()
await build()
await once("next-install", ["package.json", "pnpm-lock.yaml"], async () => {
  const { packageManager } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"))
  const args = ["--yes", packageManager, "install", "--ignore-workspace", "--frozen-lockfile", "--reporter=append-only"]
  return await run("npx", args, { cwd: folder, quiet: true, env: { CI: "true", npm_config_loglevel: "error" } })
})
/** What Next itself writes is no source: it would make every second run build again. */
const isWritten = (name) => /^(node_modules|next-env\.d\.ts|\.next.*|.*\.tsbuildinfo)$/.test(name)
const sources = readdirSync(folder).filter((name) => !isWritten(name))
await once("next-build", [...sources, "../../packages/wardkeep/dist/next.js"], async () => {
  const next = join(folder, "node_modules/next/dist/bin/next")
  return await run(process.execPath, [next, "build"], { cwd: folder, env: { NEXT_TELEMETRY_DISABLED: "1" } })
})
const tally = new Tally()
await vitest(tally, "the contract of wardkeep/next", ["--project=next", ...process.argv.slice(2)])
process.stdout.write(`\n${tally.notes.join("\n")}\n${tally.lastLine}\n`)
process.exitCode = tally.failed === 0 ? 0 : 1

/** Does `work` when one of the files has changed since it was done. */
async function once(name, files, work) {
  const file = join(root, "node_modules/.wardkeep", name)
  const wanted = hashOf(folder, files)
  if (isStamped(file, wanted) && (name !== "next-build" || existsSync(join(folder, ".next/BUILD_ID")))) return
  const since = Date.now()
  const code = await work()
  if (code !== 0) throw new Error(`${name} exited with ${code}`)
  stamp(file, wanted)
  process.stdout.write(`${name}: ${seconds(since)}\n`)
}
