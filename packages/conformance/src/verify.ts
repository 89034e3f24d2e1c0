import { probes } from "./checks/registry.js"
import type { Mode, VerifyOptions } from "./options.js"
import { readAgreements } from "./probe/agreed.js"
import type { Report } from "./report/report.js"
import { catalogChecks, runCatalogCheck } from "./run/catalog-checks.js"
import type { CatalogCheck, ProbeCheck, Scene } from "./run/check.js"
import { CheckRecord } from "./run/check-record.js"
import { confirm } from "./run/confirm.js"
import { openScene } from "./run/scene.js"
import { choose } from "./run/select.js"
import { summarise } from "./run/verdict.js"
import { parseTarget } from "./target/parse.js"
import { version } from "./version.js"

/**
 * Attacks the isolation of a database with the application's own login and says what it found. Whatever it writes it
 * rolls back; sequences move.
 *
 * @throws WK701 target · WK702 unknown check · WK005 cannot connect · WK009 not a PostgreSQL URL
 * @example const report = await verify({ databaseUrl, appUrl, target: { tenants }, mode: "probe" })
 */
export async function verify(options: VerifyOptions): Promise<Report> {
  const started = new Date()
  const mode: Mode = options.mode ?? "probe"
  const target = parseTarget(options.target)
  const chosen = choose([...catalogChecks(), ...(mode === "catalog" ? [] : probes)], options)
  const opened = await openScene({ ...options, target, mode })
  try {
    const records = await runAll(chosen, opened.scene, options, mode)
    if (mode !== "catalog") confirm(records, chosen)
    return {
      tool: { name: "wardkeep", version: version() },
      mode,
      startedAt: started.toISOString(),
      seconds: Math.round((Date.now() - started.getTime()) / 100) / 10,
      server: opened.server,
      ...summarise(records, opened, mode),
    }
  } finally {
    await opened.close()
  }
}

async function runAll(
  checks: readonly (CatalogCheck | ProbeCheck)[],
  scene: Scene,
  { onProgress }: VerifyOptions,
  mode: Mode,
): Promise<CheckRecord[]> {
  const records: CheckRecord[] = []
  if (mode !== "catalog") {
    await readAgreements(scene)
    // What is not answered there is no agreement.
    scene.unanswered.take()
  }
  for (const check of checks) {
    const record = new CheckRecord(check)
    const step = (object: string): void => {
      scene.unanswered.at(object)
      onProgress?.({ check: check.code, title: check.title, object, done: records.length, of: checks.length })
    }
    step("")
    if ("sql" in check) await runCatalogCheck(check, scene, record)
    else if (mode !== "catalog") await check.run({ ...scene, step }, record)
    for (const { object, why } of scene.unanswered.take()) record.notAnswered(object, why)
    records.push(record)
  }
  return records
}
