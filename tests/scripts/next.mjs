import { build, install } from "./bootstrap.mjs"
import { buildNextApp } from "./next-app.mjs"
import { Tally } from "./tally.mjs"
import { vitest } from "./vitest.mjs"

// `npm run next`: the contract of wardkeep/next on Next's own production server. By hand, because of what Next weighs.
await install()
await build()
await buildNextApp("next", "tests/next", ["../../packages/wardkeep/dist/next.js"])
const tally = new Tally()
await vitest(tally, "the contract of wardkeep/next", ["--project=next", ...process.argv.slice(2)])
process.stdout.write(`\n${tally.notes.join("\n")}\n${tally.lastLine}\n`)
process.exitCode = tally.failed === 0 ? 0 : 1
