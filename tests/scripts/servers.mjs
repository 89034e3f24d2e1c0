import { otherLegs } from "../config/legs.mjs"
import { build, install } from "./bootstrap.mjs"
import { Tally } from "./tally.mjs"
import { databaseLeg } from "./vitest.mjs"

// `npm run servers`: the database tests on the claimed servers that `npm test` leaves out, fetched when first needed.
// `npm run servers -- pg16 limited-admin-pg16 packages/postgres`: those legs, and of their files those below the path.
const names = otherLegs.map(({ name }) => name)
const args = process.argv.slice(2)
const within = args.filter((arg) => arg.includes("/"))
const wanted = args.filter((arg) => !arg.includes("/"))
const unknown = wanted.filter((name) => !names.includes(name))
const tally = new Tally()

if (unknown.length > 0) throw new Error(`${unknown.join(", ")}: the legs are ${names.join(", ")}`)
await install()
await build()
for (const leg of otherLegs.filter(({ name }) => wanted.length === 0 || wanted.includes(name))) {
  try {
    await databaseLeg(tally, leg, { mustRun: true, within: within.length > 0 ? within : undefined })
  } catch (error) {
    process.stderr.write(`${leg.name}: ${error.message}\n`)
    tally.check(`leg ${leg.name}`, false)
  }
}
process.stdout.write(`\n${tally.notes.join("\n")}\n${tally.lastLine}\n`)
process.exitCode = tally.failed === 0 ? 0 : 1
