import { mkdtempSync, readdirSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { memoryFolder } from "./memory-folder.mjs"
import { root, tool } from "./run.mjs"

const skip = new Set(["node_modules", "dist"])

/** Files below `folders` whose name ends in `suffix`, as paths from the repository root. */
export function filesEndingIn(suffix, folders = ["packages", "examples", "tests"]) {
  return folders.flatMap((folder) =>
    readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
      const path = `${folder}/${entry.name}`
      if (entry.isDirectory()) return skip.has(entry.name) ? [] : filesEndingIn(suffix, [path])
      return entry.name.endsWith(suffix) ? [path] : []
    }),
  )
}

/** For what hangs: on a slow machine of two cores one server's tests need more than 25. */
const patience = 60

/** Runs one vitest project, adds its verdict to the tally under `name`, and answers what it counted. `node`: another program than this one. */
export async function vitest(tally, name, args, { env = {}, limitMinutes = patience, held = false, node } = {}) {
  const folder = mkdtempSync(join(tmpdir(), "wardkeep-test-"))
  const report = join(folder, "report.json")
  const code = await tool(
    "vitest/vitest.mjs",
    [
      "run",
      "--config=tests/config/vitest.config.ts",
      "--reporter=default",
      "--reporter=tests/scripts/report.mjs",
      ...args,
    ],
    { env: { ...env, WARDKEEP_TEST_REPORT: report }, limitMinutes, held, node },
  )
  const counted = tally.vitest(name, code, report)
  rmSync(folder, { recursive: true, force: true })
  return counted
}

/** The files that join the leg, on its server. A leg that proves nothing must not look green where it `mustRun`. */
export async function databaseLeg(tally, leg, { mustRun, within = [""], limitMinutes, held }) {
  const files = filesEndingIn(".db.test.ts").filter(leg.joins)
  const chosen = files.filter((file) => within.some((path) => file.startsWith(path)))
  const reason = chosen.length === 0 ? "no test joins it" : leg.available()
  if (reason === undefined) {
    const memory = memoryFolder()
    const env = { ...leg.env, ...(await leg.fetch?.()), ...(memory !== undefined && { TMPDIR: memory }) }
    return vitest(tally, `leg ${leg.name}`, ["--project=db", ...chosen], { env, limitMinutes, held })
  }
  const text = `leg ${leg.name}: not available here (${reason})`
  if (mustRun) tally.check(text, false)
  else tally.note(text)
}
