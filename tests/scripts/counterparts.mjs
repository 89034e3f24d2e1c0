import { install } from "./bootstrap.mjs"
import { counterpartEnvironment, names } from "./counterpart-build.mjs"
import { Tally } from "./tally.mjs"
import { vitest } from "./vitest.mjs"

// `npm run counterparts`: the anchors of the audit log against servers that others wrote, on loopback. By hand, because they are
// no packages of npm: fetched when first needed.
await install()
const env = {}
for (const name of names) Object.assign(env, await counterpartEnvironment(name))
const tally = new Tally()
await vitest(tally, "anchors at real counterparts", ["--project=counterparts", ...process.argv.slice(2)], { env })
process.stdout.write(`\n${tally.notes.join("\n")}\n${tally.lastLine}\n`)
process.exitCode = tally.failed === 0 ? 0 : 1
