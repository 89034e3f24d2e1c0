import { existsSync } from "node:fs"
import { join } from "node:path"
import { build, install } from "./bootstrap.mjs"
import { root, run, tool } from "./run.mjs"

const folder = join(root, "tests/bench")
const source = ["main.ts", "src/main.ts"].find((file) => existsSync(join(folder, file)))

await install()
await build()
if (source === undefined) throw new Error("tests/bench/main.ts is missing")
// Packages stay external: what is measured is what users install, the built files.
const args = [source, "--format=esm", "--target=node20", "--platform=node", "--sourcemap", "--silent", "--out-dir=dist"]
const code = await tool("tsup/dist/cli-default.js", args, { cwd: folder })
if (code !== 0) throw new Error(`bundling the benchmarks exited with ${code}`)
process.exitCode = await run(process.execPath, [
  "--enable-source-maps",
  join(folder, "dist/main.js"),
  ...process.argv.slice(2),
])
