import type { Alert, Alerts, QueuedAccess, UnexplainedAccesses } from "@wardkeep/audit"
import { countOf } from "../findings.js"

export function queuedLine(row: QueuedAccess): string {
  const { at, actor, role, purpose, verb, relation, subject, persons, event, status, explanations, review } = row
  const among = persons === 1 ? "" : `, among ${countOf(persons, "person")}`
  const since = review === null ? explanations.join(", ") : `by ${review.by}`
  return `${at}  ${actor} as ${role} for ${purpose}: ${verb} ${relation} of ${subject}${among}  [${status}${since === "" ? "" : ` ${since}`}]  event ${event}`
}

export function underQueue({ rows, more, counts, coverage }: UnexplainedAccesses): string[] {
  const share = counts.named === 0 ? "" : ` (${((100 * counts.explained) / counts.named).toFixed(1)} %)`
  const by = Object.entries(counts.by).map(([name, n]) => `${name} ${n}`)
  return [
    ...(more ? ["… there is more: give --limit, --from or --to"] : []),
    `${countOf(rows.length, "line")}. ${counts.explained} of ${counts.named} accesses to a named person are explained${share}${by.length === 0 ? "" : `: ${by.join(", ")}`}.`,
    ...coverage.gaps,
    "An access that nothing explains is a question, not a verdict.",
  ]
}

export function alertLines({ rule, sentence, innocent, events, review }: Alert): string[] {
  return [
    `${rule}: ${sentence}`,
    `  It may be: ${innocent}`,
    `  ${countOf(events.length, "event")}: ${events.slice(0, 5).join(" ")}${events.length > 5 ? " … (all in --json)" : ""}`,
    ...(review === null ? [] : [`  ${review.outcome}, said ${review.by} at ${review.at}`]),
  ]
}

export function underAlerts({ rows, tooLittle, coverage }: Alerts): string[] {
  return [
    `${countOf(rows.length, "alert")}.`,
    ...tooLittle.map(
      ({ role, days }) =>
        `Too little to judge the volume of ${role}: ${countOf(days, "day")} of one person in the 28 before.`,
    ),
    ...coverage.gaps,
  ]
}
