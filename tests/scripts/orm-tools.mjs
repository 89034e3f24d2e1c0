import { readFileSync } from "node:fs"
import { join } from "node:path"
import { build, install } from "./bootstrap.mjs"
import { root, run } from "./run.mjs"
import { hashOf, isStamped, stamp } from "./stamp.mjs"
import { Tally } from "./tally.mjs"
import { vitest } from "./vitest.mjs"

// `npm run orm-tools`: what migration tools of ORMs make of Wardkeep's objects. By hand, because they are 68 MB, and nothing
// else needs them.
const folder = join(root, "tests/orm-tools")
const file = join(root, "node_modules/.wardkeep/orm-tools-install")
const wanted = hashOf(folder, ["package.json", "pnpm-lock.yaml"])

await install()
await build()
if (!isStamped(file, wanted)) {
  const { packageManager } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"))
  const args = ["--yes", packageManager, "install", "--ignore-workspace", "--frozen-lockfile", "--reporter=append-only"]
  const code = await run("npx", args, { cwd: folder, quiet: true, env: { CI: "true", npm_config_loglevel: "error" } })
  if (code !== 0) throw new Error(`the installation of the tools exited with ${code}`)
  stamp(file, wanted)
}
const tally = new Tally()
await vitest(tally, "migration tools of ORMs", ["--project=orm-tools", ...process.argv.slice(2)])
process.stdout.write(`\n${tally.notes.join("\n")}\n${tally.lastLine}\n`)
process.exitCode = tally.failed === 0 ? 0 : 1
