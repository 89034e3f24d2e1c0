import { readFileSync } from "node:fs"
import { join } from "node:path"
import { legNamed } from "../config/legs.mjs"
import { build, install } from "./bootstrap.mjs"
import { root } from "./run.mjs"
import { Tally } from "./tally.mjs"
import { databaseLeg } from "./vitest.mjs"

// `npm run pages`: the example's pages in Chromium. Prints what taking a yes back costs beside giving it; the tests assert it.
await install()
await build()
const tally = new Tally()
await databaseLeg(tally, legNamed("browser"), { mustRun: true })
if (tally.failed === 0) {
  const folder = process.env.WARDKEEP_ARTEFACTS ?? join(root, "tests/results/pages")
  const { give, withdraw, ratio, runs } = JSON.parse(readFileSync(join(folder, "parity.json"), "utf8"))
  process.stdout.write(`\nwithdraw ÷ give, ${runs} runs of each in turn; milliseconds are medians and not asserted\n`)
  for (const name of Object.keys(ratio)) {
    const [given, taken] = [give[name], withdraw[name]].map((value) => String(Math.round(value)))
    process.stdout.write(`${name.padEnd(14)}${taken.padStart(6)} ÷ ${given.padEnd(6)}= ${ratio[name].toFixed(2)}\n`)
  }
  process.stdout.write(`pictures: ${folder}\n`)
}
process.stdout.write(`${tally.notes.join("\n")}\n${tally.lastLine}\n`)
process.exitCode = tally.failed === 0 ? 0 : 1
