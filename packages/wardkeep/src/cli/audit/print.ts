import type {
  AccessEntry,
  AuditEvent,
  ColumnChange,
  Coverage,
  DeniedEntry,
  HandedOutEntry,
  Reach,
  Reached,
  Seen,
  Touched,
} from "@wardkeep/audit"
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

export function handedLine(entry: HandedOutEntry): string {
  const { at, actor, role, purpose, verb, relation, outcome, persons, bytes, rows, sha256, recipient, opened } = entry
  const whose = persons === 0 ? "nobody named" : countOf(persons, "person")
  const size = bytes === null ? "" : `, ${countOf(bytes, "byte")}${rows === null ? "" : `, ${countOf(rows, "row")}`}`
  const to = recipient === null ? "" : `, with ${recipient}, opened ${opened} times`
  return `${at}  ${actor} as ${role} for ${purpose}: ${verb} ${relation}, ${whose}, ${outcome}${size}${to}${sha256 === null ? "" : `, SHA-256 ${sha256}`}`
}

export function deniedLine({ at, actor, role, verb, relation, code, action, n }: DeniedEntry): string {
  const what =
    verb === "login" ? "sign-in failed" : `refused ${action ?? ""} ${relation}`.replaceAll(/ +/g, " ").trimEnd()
  return `${at}  ${actor}${verb === "login" ? "" : ` as ${role}`}: ${what} (${code})${n === 1 ? "" : ` × ${n}`}`
}

/** Names of columns, never values: those are in --json. */
export function changeLine({ column, branch, changes, actor, at }: ColumnChange): string {
  return `${column}  changed ${changes === 1 ? "once" : `${changes} times`}, last by ${actor} at ${at}${branch === null ? "" : `, in ${branch}`}`
}

export function reachedLine({ subject, events, verbs, relations, groups, first, last }: Reached): string {
  const columns = groups.length === 0 ? "" : ` (${groups.join(", ")})`
  return `${subject}  ${countOf(events, "event")} (${verbs.join(", ")}) in ${relations.join(", ")}${columns}, ${first} to ${last}`
}

export function reachLines({ events, persons, branches, sessions, unnamed, bytes, refusals }: Reach): string[] {
  const lines = [
    `In all: ${countOf(events, "event")} in ${countOf(sessions, "session")} and ${branches.length === 1 ? "1 branch" : `${branches.length} branches`}, about ${countOf(persons, "person")}; ${countOf(bytes, "byte")} left; ${countOf(refusals, "refusal")}.`,
  ]
  if (unnamed > 0)
    lines.push(`Views and exports that name nobody, or not everybody: ${unnamed}. The list is not whole.`)
  return lines
}

export function accessLine({ at, actor, role, purpose, what, relation, groups, recipient, own }: AccessEntry): string {
  const columns = groups.length === 0 ? "" : ` (${groups.join(", ")})`
  return `${at}  ${actor} as ${role} for ${purpose}: ${what} ${relation}${columns}${recipient === null ? "" : `, with ${recipient}`}${own ? " [you, or your guardian]" : ""}`
}

/** What the answer rests on. An empty one is worth no more than this. */
export function coverageLines(rows: number, coverage: Coverage): string[] {
  const { since, dropped, rebased, tables, off, unsealed, erased, views, undetermined, unnamed } = coverage
  const lines = [
    `${countOf(rows, "line")}. The log of this clinic ${since === null ? "is empty" : `begins ${since}`}; writes to ${countOf(tables, "table")} are recorded.`,
    views === 0
      ? "Not recorded here: who looked at a row without changing it."
      : `Views of ${countOf(views, "table")} through the client are recorded; what went around the client is not.`,
  ]
  if (dropped.length > 0)
    lines.push(
      `Dropped after their retention: ${dropped.map(({ month, events }) => `${month} (${countOf(events, "event")})`).join(", ")}.`,
    )
  lines.push(...rebased.map(rebasedLine))
  if (undetermined > 0)
    lines.push(`${countOf(undetermined, "view")} of this clinic name nobody, or not everybody: they may be of anybody.`)
  if (unnamed > 0) lines.push(`Downloads and exports of this clinic that name nobody: ${unnamed}.`)
  if (off.length > 0) lines.push(`Switched off now: ${off.join(", ")}.`)
  if (unsealed > 0) lines.push(`Not sealed yet: ${countOf(unsealed, "event")}.`)
  if (erased > 0) lines.push(`${countOf(erased, "event")} answer to no name: the person was erased.`)
  return lines
}

function rebasedLine({ at, since, lost, adopted }: Coverage["rebased"][number]): string {
  const loss =
    lost === null
      ? "whether more had been signed elsewhere, nobody looked"
      : lost === 0
        ? "nothing more was known to be signed elsewhere"
        : `${lost} leaves of all clinics that had been signed are lost`
  const gap = since === null ? "" : `, and events of ${since} to then that only the other one had are missing`
  return `Rebased ${at} in a restored, cloned or promoted database: ${loss}${gap}. Of this clinic, ${countOf(adopted, "event")} had not been sealed before.`
}
