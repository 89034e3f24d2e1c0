import { existsSync } from "node:fs"
import { join } from "node:path"
import { build, install } from "./bootstrap.mjs"
import { buildNextApp } from "./next-app.mjs"
import { root, run } from "./run.mjs"

// Where somebody else began to install and build for it, the demo's own count of its seconds begins there.
const began = process.env.WARDKEEP_DEMO_BEGAN ?? String(Date.now())
const args = process.argv.slice(2)
const isConsole = args.includes("--next")
await install()
await build()
if (isConsole)
  await buildNextApp("console", "examples/next-clinic", [
    "../express-clinic/dist/clinic.js",
    "../../packages/wardkeep/dist/next.js",
  ])
const entry = join(root, isConsole ? "examples/next-clinic/start.mjs" : "examples/express-clinic/dist/demo.js")
if (!existsSync(entry)) throw new Error(`${entry} is missing`)
process.exitCode = await run(process.execPath, ["--enable-source-maps", entry, ...args], {
  env: { WARDKEEP_DEMO_BEGAN: began },
  stays: true,
})
