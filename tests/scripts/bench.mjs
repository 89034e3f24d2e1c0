import { copyFileSync } from "node:fs"
import { join } from "node:path"
import { build, install } from "./bootstrap.mjs"
import { root, run, tool } from "./run.mjs"

const folder = join(root, "tests/bench")

await install()
await build()
// Packages stay external: what is measured is what users install, the built files.
const args = [
  "src/main.ts",
  "--format=esm",
  "--target=node20",
  "--platform=node",
  "--sourcemap",
  "--silent",
  "--out-dir=dist",
]
const code = await tool("tsup/dist/cli-default.js", args, { cwd: folder })
if (code !== 0) throw new Error(`bundling the benchmarks exited with ${code}`)
// The delay proxy looks for its thread's source beside itself.
copyFileSync(join(root, "tests/harness/src/delay-worker.mjs"), join(folder, "dist/delay-worker.mjs"))
process.exitCode = await run(process.execPath, [
  "--enable-source-maps",
  join(folder, "dist/main.js"),
  ...process.argv.slice(2),
])
