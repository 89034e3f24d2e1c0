import { legs } from "../config/legs.mjs"
import { build, install } from "./bootstrap.mjs"
import { checks, runChecks } from "./checks.mjs"
import { Tally } from "./tally.mjs"
import { databaseLeg, vitest } from "./vitest.mjs"

// `npm test -- unit pg15` runs only those stages; with no names, everything runs.
const only = process.argv.slice(2)
const wanted = (name) => only.length === 0 || only.includes(name)
const tally = new Tally()

async function attempt(name, work) {
  try {
    await work()
    tally.check(name, true)
  } catch (error) {
    process.stderr.write(`${name}: ${error.message}\n`)
    tally.check(name, false)
  }
}

await attempt("install", install)
await attempt("build", build)
try {
  const chosen = checks.filter(({ name }) => wanted("check") || wanted(name))
  for (const [place, code] of (await runChecks(chosen)).entries()) tally.check(chosen[place].name, code === 0)
  for (const project of ["unit", "packaging"]) {
    if (wanted(project)) await vitest(tally, project, [`--project=${project}`])
  }
  for (const leg of legs) {
    if (wanted("db") || wanted(leg.name)) await databaseLeg(tally, leg, { mustRun: process.env.CI === "true" })
  }
} catch (error) {
  process.stderr.write(`${error.stack}\n`)
  tally.check("the test script itself", false)
}

process.stdout.write(`\n${tally.notes.join("\n")}\n${tally.lastLine}\n`)
process.exitCode = tally.failed === 0 ? 0 : 1
