import { join } from "node:path"
import { build, install } from "./bootstrap.mjs"
import { root, run, tool } from "./run.mjs"

// `npm run corpus -- --json FILE`: the conformance suite's own score, by the command line that users run.
// Bundled where package.json stands: what it lists stays outside.
const folder = join(root, "tests")

await install()
await build()
const args = ["corpus/src/main.ts", "--format=esm", "--target=node20", "--platform=node", "--sourcemap", "--silent"]
const code = await tool("tsup/dist/cli-default.js", [...args, "--out-dir=corpus/dist"], { cwd: folder })
if (code !== 0) throw new Error(`bundling the corpus exited with ${code}`)
process.exitCode = await run(process.execPath, [
  "--enable-source-maps",
  join(folder, "corpus/dist/main.js"),
  ...process.argv.slice(2),
])
