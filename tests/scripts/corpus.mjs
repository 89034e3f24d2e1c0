import { join } from "node:path"
import { legNamed } from "../config/legs.mjs"
import { build, install } from "./bootstrap.mjs"
import { root, run, tool } from "./run.mjs"

// `npm run corpus -- --json FILE`: the conformance suite's own score, by the command line that users run.
// Bundled where package.json stands: what it lists stays outside.
// `--server 13` runs it on that major version; the default is 18.
const folder = join(root, "tests")
const args = process.argv.slice(2)

const env = await serverOf(args)
await install()
await build()
const bundle = ["corpus/src/main.ts", "--format=esm", "--target=node20", "--platform=node", "--sourcemap", "--silent"]
const code = await tool("tsup/dist/cli-default.js", [...bundle, "--out-dir=corpus/dist"], { cwd: folder })
if (code !== 0) throw new Error(`bundling the corpus exited with ${code}`)
process.exitCode = await run(process.execPath, ["--enable-source-maps", join(folder, "corpus/dist/main.js"), ...args], {
  env,
})

/** Takes `--server` out of the arguments; answers with the variables that choose the server. */
async function serverOf(args) {
  const at = args.indexOf("--server")
  if (at === -1) return {}
  const [, major = "nothing"] = args.splice(at, 2)
  const leg = legNamed(major === "18" ? "embedded18" : `pg${major}`)
  const reason = leg === undefined ? "there is no such leg" : leg.available()
  if (reason !== undefined) throw new Error(`--server ${major}: ${reason}`)
  return { ...leg.env, ...(await leg.fetch?.()) }
}
