import { join } from "node:path"
import { build, install } from "./bootstrap.mjs"
import { buildNextApp } from "./next-app.mjs"
import { root } from "./run.mjs"
import { Tally } from "./tally.mjs"
import { vitest } from "./vitest.mjs"

// `npm run console`: examples/next-clinic in Debian's Chromium. By hand, because of what Next weighs.
await install()
await build()
await buildNextApp("console", "examples/next-clinic", [
  "../express-clinic/dist/clinic.js",
  "../../packages/wardkeep/dist/next.js",
])
const tally = new Tally()
const WARDKEEP_ARTEFACTS = process.env.WARDKEEP_ARTEFACTS ?? join(root, "tests/results/console")
await vitest(tally, "the console in a browser", ["--project=console", ...process.argv.slice(2)], {
  env: { WARDKEEP_ARTEFACTS },
})
process.stdout.write(`pictures: ${WARDKEEP_ARTEFACTS}\n${tally.notes.join("\n")}\n${tally.lastLine}\n`)
process.exitCode = tally.failed === 0 ? 0 : 1
