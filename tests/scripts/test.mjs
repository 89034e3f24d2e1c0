import { legs } from "../config/legs.mjs"
import { build, install } from "./bootstrap.mjs"
import { checks } from "./checks.mjs"
import { Tally } from "./tally.mjs"
import { filesEndingIn, vitest } from "./vitest.mjs"

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

async function databaseLeg(leg) {
  const files = filesEndingIn(".db.test.ts").filter(leg.joins)
  const reason = files.length === 0 ? "no test joins it" : leg.available()
  if (reason === undefined) {
    return vitest(tally, `leg ${leg.name}`, ["--project=db", ...files], { env: leg.env })
  }
  const text = `leg ${leg.name}: not available here (${reason})`
  // A leg that proves nothing must not look green where the verdict counts.
  if (process.env.CI === "true") tally.check(text, false)
  else tally.note(text)
}

await attempt("install", install)
await attempt("build", build)
try {
  for (const { name, run } of checks) {
    if (wanted("check") || wanted(name)) tally.check(name, (await run()) === 0)
  }
  for (const project of ["unit", "packaging"]) {
    if (wanted(project)) await vitest(tally, project, [`--project=${project}`])
  }
  for (const leg of legs) {
    if (wanted("db") || wanted(leg.name)) await databaseLeg(leg)
  }
} catch (error) {
  process.stderr.write(`${error.stack}\n`)
  tally.check("the test script itself", false)
}

process.stdout.write(`\n${tally.notes.join("\n")}\n${tally.lastLine}\n`)
process.exitCode = tally.failed === 0 ? 0 : 1
