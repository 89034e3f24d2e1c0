import { quoteIdent } from "@wardkeep/core"
import { Connection, databaseUrl } from "../database/connection.js"
import type { VerifyOptions } from "../options.js"
import type { CheckResult, KillRate, Report, ReportFinding } from "../report/report.js"
import type { CheckInfo } from "../run/check.js"
import { CheckRecord } from "../run/check-record.js"
import { openScene } from "../run/scene.js"
import { parseTarget } from "../target/parse.js"
import type { Target } from "../target/schema.js"
import { verify } from "../verify.js"
import { version } from "../version.js"
import { columnCascade, info as columnCascadeInfo } from "./column-cascade.js"
import { damage, info as damageInfo } from "./damage.js"
import { dropOwned, info as dropOwnedInfo } from "./drop-owned.js"
import { measureKillRate } from "./kill-rate.js"
import { replicationSlot, info as slotInfo } from "./replication-slot.js"
import { restore, info as restoreInfo } from "./restore.js"
import { adminSettings, type Stage } from "./stage.js"
import { inDatabase, NoClone, Workshop } from "./workshop.js"

const cloneInfo: CheckInfo = {
  code: "WKC300",
  title: "A clone to work on",
  severity: "hygiene",
  cwe: "CWE-1053",
  cvss: "CVSS:3.1/AV:L/AC:H/PR:H/UI:R/S:U/C:N/I:N/A:N",
}
const killRateInfo: CheckInfo = { ...cloneInfo, code: "WKC306", title: "The suite notices broken protections" }

type Part = (stage: Stage, record: CheckRecord) => Promise<void>

/** In this order: what undoes itself, then what only adds, then what destroys rows, then what destroys tables. */
const parts: readonly (CheckInfo & { readonly run: Part })[] = [
  { ...dropOwnedInfo, run: dropOwned },
  { ...slotInfo, run: replicationSlot },
  { ...killRateInfo, run: async (stage, record) => stage.scored(await measureKillRate(stage, record)) },
  { ...restoreInfo, run: restore },
  { ...damageInfo, run: damage },
  { ...columnCascadeInfo, run: columnCascade },
]

/** Codes of the checks that only a drill has. */
export const drillChecks: readonly string[] = parts.map(({ code }) => code)

/**
 * Everything that probe mode tries, and what would destroy a database, on a clone that is made for it and always dropped.
 * The source is read once, by CREATE DATABASE … TEMPLATE, while nobody is connected to it. Role attributes and
 * memberships belong to the whole server and are never changed.
 *
 * @throws WK701 target · WK702 unknown check · WK005 cannot connect · WK780 the clone could not be dropped
 * @example const report = await drill({ databaseUrl, appUrl, target: { tenants } })
 */
export async function drill(options: VerifyOptions): Promise<Report> {
  const started = new Date()
  const target = parseTarget(options.target)
  const admin = databaseUrl(options.databaseUrl, "--database-url")
  const app = databaseUrl(options.appUrl, "--app-url")
  try {
    return await Workshop.run(admin, async (workshop) => {
      const leftovers = (await workshop.leftovers()).map(
        (name) => `A drill that was killed left a database: drop database ${quoteIdent(name)}.`,
      )
      const name = await workshop.clone()
      const urls = { adminUrl: inDatabase(admin, name), appUrl: inDatabase(app, name) }
      return await onClone(options, target, { ...urls, workshop, started, notCovered: leftovers })
    })
  } catch (error) {
    if (!(error instanceof NoClone)) throw error
    return await withoutClone(admin, started, error.message)
  }
}

interface Ground {
  readonly workshop: Workshop
  readonly adminUrl: URL
  readonly appUrl: URL
  readonly started: Date
  readonly notCovered: string[]
}

async function onClone(options: VerifyOptions, target: Target, ground: Ground): Promise<Report> {
  const { adminUrl, appUrl, notCovered, started } = ground
  const chosen = parts.filter(({ code }) => isChosen(code, options))
  const ask = async (wanted: Target, database?: string): Promise<Report> => {
    const at = (url: URL): string => (database === undefined ? url : inDatabase(url, database)).href
    const quiet = { databaseUrl: at(adminUrl), appUrl: at(appUrl), target: wanted, mode: "probe" as const }
    return await verify({ ...quiet, ...ordinary(options) })
  }
  const base = await ask(target)
  const opened = await openScene({ databaseUrl: adminUrl.href, appUrl: appUrl.href, target, mode: "probe" })
  const admin = await Connection.open(adminUrl)
  const records: CheckRecord[] = []
  let killRate: KillRate | undefined
  try {
    await admin.rows(adminSettings)
    for (const part of chosen) {
      const record = new CheckRecord(part)
      records.push(record)
      const step = (object: string): void =>
        options.onProgress?.({
          check: part.code,
          title: part.title,
          object,
          done: records.length - 1,
          of: chosen.length,
        })
      step("")
      const spoil = (why: string): void => record.inconclusive(why)
      const scored = (rate: KillRate): void => {
        killRate = rate
      }
      const stage: Stage = { ...ground, admin, scene: opened.scene, target, base, verify: ask, step, spoil, scored }
      await part.run(stage, record)
    }
  } finally {
    await Promise.all([admin.close(), opened.close()])
  }
  const report = summary(base, records, { started, notCovered, ...(killRate && { killRate }) })
  return underName(report, nameOf(adminUrl), nameOf(databaseUrl(options.databaseUrl, "--database-url")))
}

/** The choice of checks, for probe mode, which does not know the drill's own. */
function ordinary({ only, skip }: VerifyOptions): Pick<VerifyOptions, "only" | "skip"> {
  const known = (codes: readonly string[] | undefined): readonly string[] | undefined =>
    codes?.filter((code) => !drillChecks.includes(code))
  const rest = known(only)
  // With nothing but checks of the drill chosen, the others still run: they are what the drill compares with.
  return { only: rest?.length === 0 ? undefined : rest, skip: known(skip) }
}

function isChosen(code: string, { only, skip }: VerifyOptions): boolean {
  return (only === undefined || only.includes(code)) && !skip?.includes(code)
}

interface Frame {
  readonly started: Date
  readonly notCovered: readonly string[]
  readonly killRate?: KillRate
}

function summary(base: Report, records: readonly CheckRecord[], { started, notCovered, killRate }: Frame): Report {
  const results = records.map((record): CheckResult => record.result())
  const findings: ReportFinding[] = [...base.findings, ...records.flatMap((record) => record.findings)]
  const leaks = findings.some(({ verdict, severity }) => verdict === "LEAK" && severity !== "hygiene")
  const open = results.filter(({ verdict }) => verdict === "INCONCLUSIVE")
  const untried = base.verdict === "INCONCLUSIVE" || open.length > 0
  return {
    ...base,
    mode: "drill",
    verdict: leaks ? "LEAK" : untried ? "INCONCLUSIVE" : "NOT_FOUND",
    startedAt: started.toISOString(),
    seconds: secondsSince(started),
    probes: base.probes + results.reduce((sum, { probes }) => sum + probes, 0),
    checks: [...base.checks, ...results],
    findings,
    notCovered: [
      ...open.map(({ check, reason }) => `${check}: ${reason ?? ""}`),
      ...base.notCovered,
      ...notCovered,
      "Attributes and memberships of roles belong to the whole server, and were not changed even in the drill.",
    ],
    ...(killRate && { killRate }),
  }
}

const nameOf = (url: URL): string => decodeURIComponent(url.pathname.slice(1))

/** The clone stands for its source: under its own name every run would find another object, and no baseline would hold. */
function underName(report: Report, clone: string, source: string): Report {
  const text = (value: string): string => value.replaceAll(clone, source)
  const findings = report.findings.map((finding) => ({
    ...finding,
    object: text(finding.object),
    message: text(finding.message),
    evidence: text(finding.evidence),
    replay: text(finding.replay),
    fix: text(finding.fix),
  }))
  return { ...report, findings, notCovered: report.notCovered.map(text) }
}

async function withoutClone(admin: URL, started: Date, reason: string): Promise<Report> {
  const record = new CheckRecord(cloneInfo)
  record.inconclusive(reason)
  const connection = await Connection.open(admin)
  const rows = await connection.rows("select current_setting('server_version') as version")
  await connection.close()
  return {
    tool: { name: "wardkeep", version: version() },
    mode: "drill",
    verdict: "INCONCLUSIVE",
    startedAt: started.toISOString(),
    seconds: secondsSince(started),
    server: String(rows[0]?.version),
    probes: 0,
    checks: [record.result()],
    findings: [],
    notCovered: [`Nothing was tried: ${reason}.`],
  }
}

const secondsSince = (started: Date): number => Math.round((Date.now() - started.getTime()) / 100) / 10
