import type { AuditEvent, Coverage, Touched } from "@wardkeep/audit"
import { countOf } from "../findings.js"

/** Names of columns, never values: those are in --json. */
export function eventLine(event: AuditEvent): string {
  const { at, actor, role, purpose, verb, relation, record, n, sealed, detail } = event
  const columns = relation === "wardkeep_audit.event" || detail === null ? "" : ` (${Object.keys(detail).join(", ")})`
  const many = n === 1 ? "" : ` × ${n}`
  return `${at}  ${actor} as ${role} for ${purpose}: ${verb} ${relation} ${record ?? ""}${many}${columns}${sealed ? "" : " [not sealed yet]"}`
}

export function touchedLine({ subject, events, verbs, relations, first, last }: Touched): string {
  return `${subject}  ${countOf(events, "event")} (${verbs.join(", ")}) in ${relations.join(", ")}, ${first} to ${last}`
}

/** What the answer rests on. An empty one is worth no more than this. */
export function coverageLines(rows: number, { since, tables, off, unsealed, erased }: Coverage): string[] {
  const lines = [
    `${countOf(rows, "line")}. The log of this clinic ${since === null ? "is empty" : `begins ${since}`}; writes to ${countOf(tables, "table")} are recorded.`,
    "Not recorded yet: who looked at a row without changing it.",
  ]
  if (off.length > 0) lines.push(`Switched off now: ${off.join(", ")}.`)
  if (unsealed > 0) lines.push(`Not sealed yet: ${countOf(unsealed, "event")}.`)
  if (erased > 0) lines.push(`${countOf(erased, "event")} answer to no name: the person was erased.`)
  return lines
}
