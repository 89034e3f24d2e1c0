import { type Assigned, type Condition, durationSeconds, type State, type Window } from "@wardkeep/core"
import { isWithinHours } from "./clock.js"
import type { Context, Row } from "./context.js"
import { columnValue, keyText, moment } from "./values.js"

/** The table's subject column, where it has one. */
export interface Subject {
  readonly subject?: string | undefined
}

/**
 * True when the row satisfies the condition. Whatever is missing, NULL or of another type makes a part false, never an
 * error: the SQL of {@link conditionSql} denies exactly the same rows.
 *
 * Times are compared to the millisecond.
 *
 * @example evaluate({ own: "author" }, { author: "asha" }, { ...context, actor: "asha" }, {}) // true
 */
export function evaluate(condition: Condition, row: Row, context: Context, table: Subject): boolean {
  if ("all" in condition) return condition.all.every((part) => evaluate(part, row, context, table))
  if ("any" in condition) return condition.any.some((part) => evaluate(part, row, context, table))
  if ("own" in condition) return isKey(row, condition.own, [context.actor])
  if ("ownSubject" in condition) return table.subject !== undefined && isKey(row, table.subject, [context.actor])
  if ("assigned" in condition) return isAssigned(condition.assigned, row, context, table)
  if ("state" in condition) return isInState(condition.state, row)
  if ("branch" in condition) return isKey(row, condition.branch, context.branches)
  if ("group" in condition) {
    const { column, name } = condition.group
    const groups = context.groups ?? {}
    return isKey(row, column, Object.hasOwn(groups, name) ? (groups[name] ?? []) : [])
  }
  if ("within" in condition) return isWithinWindow(condition.within, row, context.now)
  return isWithinHours(condition.hours, context.now)
}

function isKey(row: Row, column: string, wanted: readonly string[]): boolean {
  const text = keyText(columnValue(row, column))
  return text !== null && wanted.includes(text)
}

function isAssigned(assigned: Assigned, row: Row, context: Context, table: Subject): boolean {
  const subject = table.subject === undefined ? null : keyText(columnValue(row, table.subject))
  if (subject === null) return false
  const tables = context.assignments ?? {}
  const rows = Object.hasOwn(tables, assigned.table) ? (tables[assigned.table] ?? []) : []
  return rows.some(
    (assignment) =>
      isKey(assignment, assigned.subject, [subject]) &&
      isKey(assignment, assigned.actor, [context.actor]) &&
      isValid(assigned, assignment, context.now),
  )
}

function isValid({ from, until, openEnd }: Assigned, assignment: Row, now: Date): boolean {
  if (from !== undefined) {
    const begins = moment(columnValue(assignment, from))
    if (begins === null || begins > now.getTime()) return false
  }
  if (until === undefined) return true
  const end = columnValue(assignment, until)
  if (end === null) return openEnd === true
  const ends = moment(end)
  return ends !== null && ends > now.getTime()
}

function isInState(state: State, row: Row): boolean {
  const value = columnValue(row, state.column)
  return state.in.some((wanted) => (typeof wanted === "number" ? keyText(value) === String(wanted) : value === wanted))
}

function isWithinWindow({ column, last = "PT0S", next = "PT0S" }: Window, row: Row, now: Date): boolean {
  const at = moment(columnValue(row, column))
  if (at === null) return false
  return at >= now.getTime() - durationSeconds(last) * 1000 && at <= now.getTime() + durationSeconds(next) * 1000
}
