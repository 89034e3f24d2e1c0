import type { AuditEvent, Coverage, Seen, Touched } from "@wardkeep/audit"
import { countOf } from "../findings.js"

/** Names of columns, never values: those are in --json. */
export function eventLine(event: AuditEvent): string {
  const { at, actor, role, purpose, verb, relation, record, n, sealed, detail } = event
  const isRead = verb === "view" || relation === "wardkeep_audit.event"
  const columns = isRead || detail === null ? "" : ` (${Object.keys(detail).join(", ")})`
  const many = n === 1 ? "" : ` × ${n}`
  return `${at}  ${actor} as ${role} for ${purpose}: ${verb} ${relation} ${record ?? ""}${many}${columns}${sealed ? "" : " [not sealed yet]"}`
}

export function touchedLine({ subject, events, verbs, relations, first, last }: Touched): string {
  return `${subject}  ${countOf(events, "event")} (${verbs.join(", ")}) in ${relations.join(", ")}, ${first} to ${last}`
}

export function seenLine(seen: Seen): string {
  const { at, actor, role, purpose, relation, groups, n, persons, sealed } = seen
  const columns = groups.length === 0 ? "" : ` (${groups.join(", ")})`
  const among = persons === 1 ? "" : `, among ${countOf(persons, "person")}`
  return `${at}  ${actor} as ${role} for ${purpose}: ${relation}${columns}, ${countOf(n, "row")}${among}${sealed ? "" : " [not sealed yet]"}`
}

/** What the answer rests on. An empty one is worth no more than this. */
export function coverageLines(rows: number, coverage: Coverage): string[] {
  const { since, tables, off, unsealed, erased, views, undetermined } = coverage
  const lines = [
    `${countOf(rows, "line")}. The log of this clinic ${since === null ? "is empty" : `begins ${since}`}; writes to ${countOf(tables, "table")} are recorded.`,
    views === 0
      ? "Not recorded here: who looked at a row without changing it."
      : `Views of ${countOf(views, "table")} through the client are recorded; what went around the client is not.`,
  ]
  if (undetermined > 0)
    lines.push(`${countOf(undetermined, "view")} of this clinic name nobody, or not everybody: they may be of anybody.`)
  if (off.length > 0) lines.push(`Switched off now: ${off.join(", ")}.`)
  if (unsealed > 0) lines.push(`Not sealed yet: ${countOf(unsealed, "event")}.`)
  if (erased > 0) lines.push(`${countOf(erased, "event")} answer to no name: the person was erased.`)
  return lines
}
