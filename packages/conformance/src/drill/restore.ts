import { Connection } from "../database/connection.js"
import type { Report, ReportFinding } from "../report/report.js"
import type { CheckInfo } from "../run/check.js"
import type { CheckRecord } from "../run/check-record.js"
import { dropPolicy, lost, readPolicies, readProtections } from "./policies.js"
import { dumpAndRestore, toolsFor } from "./postgres-tools.js"
import type { Stage } from "./stage.js"
import { inDatabase } from "./workshop.js"

export const info: CheckInfo = {
  code: "WKC305",
  title: "A backup that was restored keeps tenants apart, policy by policy",
  severity: "hygiene",
  cwe: "CWE-693",
  cvss: "CVSS:3.1/AV:N/AC:H/PR:L/UI:R/S:U/C:H/I:N/A:N",
}

/** pg_dump of the clone, pg_restore into an empty database, and the suite on what comes out. */
export async function restore(stage: Stage, record: CheckRecord): Promise<void> {
  const { missing } = await toolsFor(stage.scene.serverVersion)
  if (missing !== undefined) return record.inconclusive(missing)
  const name = await stage.workshop.empty()
  const url = inDatabase(stage.adminUrl, name)
  stage.step("pg_dump and pg_restore")
  const { dumped, failed } = await dumpAndRestore(stage.adminUrl, url)
  if (dumped !== 0) {
    return record.inconclusive(
      "pg_dump could not read everything: under FORCE it needs a login with BYPASSRLS; this backup method does not work here",
    )
  }
  if (failed > 0) stage.notCovered.push(`pg_restore could not run ${failed} statements of the backup.`)
  const restored = await Connection.open(url)
  try {
    await restored.rows("set search_path = ''")
    await compare(stage, record, restored)
    judge(record, stage.base, await stage.verify(stage.target, name), "as restored")
    await withoutRoles(stage, record, restored, name)
  } finally {
    await restored.close()
  }
}

async function compare({ admin, target }: Stage, record: CheckRecord, restored: Connection): Promise<void> {
  const before = await readProtections(admin, target.schemas)
  const differences = lost(before, await readProtections(restored, target.schemas))
  record.probe()
  if (before.length > 0) record.control()
  for (const { object, kind, state, now } of differences) {
    record.found({
      object,
      message: `After a restore from backup, a protection of ${object} is not what it was.`,
      evidence: `${kind}: ${state} before, ${now} after`,
      replay: "pg_dump --format=custom SOURCE | pg_restore --dbname COPY",
      fix: `Set ${kind} of ${object} again after every restore, and compare before the application is let in.`,
    })
  }
}

/** A restore to a server without the roles skips every policy that names one; what then is open? */
async function withoutRoles(stage: Stage, record: CheckRecord, restored: Connection, name: string): Promise<void> {
  const named = (await readPolicies(restored, stage.target.schemas)).filter(({ roles }) => roles !== null)
  if (named.length === 0) return
  stage.step("restore where roles are missing")
  for (const policy of named) await restored.rows(dropPolicy(policy))
  judge(
    record,
    stage.base,
    await stage.verify(stage.target, name),
    "restored where the roles of its policies did not exist",
  )
}

/** The restored system is not the running one: what it leaks is said as a weakness of the way back. */
function judge(record: CheckRecord, base: Report, after: Report, how: string): void {
  const known = new Set(base.findings.map(nameOf))
  record.probe()
  if (after.probes > 0) record.control()
  for (const finding of after.findings) {
    if (finding.severity === "hygiene" || finding.verdict !== "LEAK" || known.has(nameOf(finding))) continue
    record.found({
      object: finding.object,
      message: `A copy of the database that is ${how} lets one branch reach the records of another.`,
      evidence: `${finding.check}: ${finding.evidence}`,
      replay: `-- on the copy, ${how}\n${finding.replay}`,
      fix: "Create every role before a restore, stop at the first error (pg_restore --exit-on-error), and verify the copy before the application is let in; make the fence a restrictive policy for PUBLIC.",
    })
  }
}

const nameOf = ({ check, object, severity }: ReportFinding): string => [check, object, severity].join(" ")
