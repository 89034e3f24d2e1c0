import type { Outcome } from "../../database/outcome.js"
import { rolledBack, type Transaction } from "../../database/transaction.js"
import { defineProbe, type Scene } from "../../run/check.js"
import type { CheckRecord } from "../../run/check-record.js"
import { drawNames, type Hole, type Names } from "./hole.js"
import { forgetPlan, plans } from "./plans.js"
import { statistics } from "./statistics.js"
import { writes } from "./writes.js"

export const holes: readonly Hole[] = [...plans, ...writes, ...statistics]

export const probe = defineProbe({
  code: "WKC100",
  title: "A published hole of the server is open when it is tried",
  severity: "hygiene",
  cwe: "CWE-1395",
  cvss: "CVSS:3.1/AV:N/AC:L/PR:L/UI:N/S:U/C:H/I:H/A:N",
  run: async (scene, record) => await tryHoles(scene, record, holes),
})

export async function tryHoles(scene: Scene, record: CheckRecord, tried: readonly Hole[]): Promise<void> {
  for (const hole of tried) {
    if (scene.serverVersion < (hole.from ?? 0)) continue
    scene.step(hole.cve)
    const names = drawNames()
    const result = await rolledBack(scene.reader, async (tx) => await tryHole(tx, hole, names))
    await scene.reader.run(forgetPlan)
    if (result === "open") record.found(findingOf(scene, hole, names))
    else if (result !== "closed") {
      record.leftOut(hole.cve, `no stage for it could be made (${result}), so the version is all that WKC080 goes by`)
      continue
    }
    record.probe(hole.cve)
    record.control()
  }
  if (record.probes === 0) record.notApplicable("the login of --database-url may make no roles and tables to try it on")
}

/** Undone with everything that was made; otherwise why there was nothing to try it on. */
async function tryHole(tx: Transaction, hole: Hole, names: Names): Promise<string> {
  for (const statement of hole.stage(names)) {
    const { error } = await tx.keep(statement)
    if (error !== undefined) return error.code
  }
  if ((await tx.keep(hole.control(names))).count === 0) return "it does not do what it is for"
  let shown = false
  for (const statement of hole.attack(names)) shown = isShown(await tx.keep(statement)) || shown
  const { count } = await tx.keep(hole.open(names))
  return shown || count > 0 ? "open" : "closed"
}

const isShown = ({ error, notices }: Outcome): boolean =>
  [error?.message ?? "", error?.detail ?? "", ...notices].some((text) => text.includes("hidden"))

function findingOf({ target }: Scene, hole: Hole, names: Names): Parameters<CheckRecord["found"]>[0] {
  const lines = [...hole.stage(names), hole.control(names), ...hole.attack(names), hole.open(names)]
  return {
    object: `server: ${hole.cve}`,
    message: `${hole.cve} is open on this server: ${hole.what}.`,
    evidence: `tried on tables and roles of the probe's own, which are gone again`,
    replay: ["-- as a login that no policy stops", "begin;", ...lines.map((line) => `${line};`), "rollback;"].join(
      "\n",
    ),
    fix: "Upgrade to the newest minor release of a supported version, and run what its release notes ask for.",
    severity: target.countServerHoles ? "leak" : "hygiene",
  }
}
