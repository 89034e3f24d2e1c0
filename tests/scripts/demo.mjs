import { existsSync } from "node:fs"
import { join } from "node:path"
import { build, install } from "./bootstrap.mjs"
import { root, run } from "./run.mjs"

const began = Date.now()
await install()
await build()
const entry = join(root, "examples/express-clinic/dist/demo.js")
if (!existsSync(entry)) throw new Error("examples/express-clinic/src/demo/main.ts is missing")
process.exitCode = await run(process.execPath, ["--enable-source-maps", entry, ...process.argv.slice(2)], {
  env: { WARDKEEP_DEMO_BEGAN: String(began) },
})
