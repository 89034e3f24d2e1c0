import { legs } from "../config/legs.mjs"
import { build, install } from "./bootstrap.mjs"
import { checks, runChecks } from "./checks.mjs"
import { told } from "./stages.mjs"
import { Tally } from "./tally.mjs"
import { databaseLeg, vitest } from "./vitest.mjs"

// `npm test -- unit pg15` runs only those stages; with no names, everything runs. A run in two parts has one last line where
// the first is told `--to=FILE` and the second `--from=FILE`.
const { wanted, from, to } = told(process.argv.slice(2))
const tally = new Tally(to)

async function attempt(name, work) {
  try {
    await work()
    tally.check(name, true)
  } catch (error) {
    process.stderr.write(`${name}: ${error.message}\n`)
    tally.check(name, false)
  }
}

if (from === undefined) {
  await attempt("install", install)
  await attempt("build", build)
} else tally.continueFrom(from)
try {
  const chosen = checks.filter(({ name }) => wanted("check", name))
  for (const [place, code] of (await runChecks(chosen)).entries()) tally.check(chosen[place].name, code === 0)
  // Side by side: each has one file that goes on alone after the others.
  const projects = ["unit", "packaging"].filter((name) => wanted(name))
  await Promise.all(projects.map((name) => vitest(tally, name, [`--project=${name}`], { held: projects.length > 1 })))
  const chosenLegs = legs.filter(({ name }) => wanted("db", name))
  const how = { mustRun: process.env.CI === "true" }
  for (const leg of chosenLegs.filter(({ small }) => !small)) await databaseLeg(tally, leg, how)
  const small = chosenLegs.filter((leg) => leg.small)
  await Promise.all(small.map((leg) => databaseLeg(tally, leg, { ...how, held: small.length > 1 })))
} catch (error) {
  process.stderr.write(`${error.stack}\n`)
  tally.check("the test script itself", false)
}

tally.save()
process.stdout.write(`\n${tally.notes.join("\n")}\n${tally.lastLine}\n`)
process.exitCode = tally.failed === 0 ? 0 : 1
