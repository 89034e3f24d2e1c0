import type { Mode } from "../options.js"
import type { Report, ReportFinding } from "../report/report.js"
import type { CheckRecord } from "./check-record.js"
import { withoutImplied } from "./confirm.js"
import type { OpenedScene } from "./scene.js"

const order = ["leak", "oracle", "hygiene"]

/** Rows of findings, worst first, and the one verdict. Zero probes or zero controls is never a pass. */
export function summarise(
  records: readonly CheckRecord[],
  { obstacles, notCovered }: OpenedScene,
  mode: Mode,
): Pick<Report, "verdict" | "probes" | "checks" | "findings" | "notCovered"> {
  const checks = records.map((record) => record.result())
  const findings = withoutImplied(records.flatMap((record) => record.findings)).sort(worstFirst)
  const sum = (field: "probes" | "controls"): number => checks.reduce((total, check) => total + check[field], 0)
  const attacks = records.filter(({ info }) => !("sql" in info))
  const counted = mode === "catalog" ? records : attacks
  const controls = counted.reduce((total, record) => total + record.controls, 0)
  const probes = counted.reduce((total, record) => total + record.probes, 0)
  const leaks = findings.some(({ verdict, severity }) => verdict === "LEAK" && severity !== "hygiene")
  const open = [
    ...obstacles,
    ...(probes === 0 ? ["nothing could be tried"] : []),
    ...(probes > 0 && controls === 0 ? ["no positive control succeeded, so what was not found proves nothing"] : []),
    ...checks.flatMap(({ check, verdict, reason }) =>
      verdict === "INCONCLUSIVE" ? [`${check}: ${reason ?? ""}`] : [],
    ),
  ]
  return {
    verdict: leaks ? "LEAK" : open.length > 0 ? "INCONCLUSIVE" : "NOT_FOUND",
    probes: sum("probes"),
    checks,
    findings,
    notCovered: [...open, ...records.flatMap((record) => record.notCovered()), ...notCovered],
  }
}

function worstFirst(a: ReportFinding, b: ReportFinding): number {
  return (
    order.indexOf(a.severity) - order.indexOf(b.severity) ||
    a.check.localeCompare(b.check, "en") ||
    a.object.localeCompare(b.object, "en")
  )
}
