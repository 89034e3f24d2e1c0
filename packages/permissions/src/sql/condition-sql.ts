import {
  type Assigned,
  type Condition,
  durationSeconds,
  type Hours,
  quoteIdent,
  quoteLiteral,
  WardkeepError,
} from "@wardkeep/core"
import { isoDays, spanOf } from "../condition/clock.js"
import { type ColumnTypes, checkMoment, type KeyType, keyTypeOf } from "./column-types.js"
import { stateSql } from "./state-sql.js"

/** The table that the policy stands on. */
export interface ConditionTable {
  /** `schema.table` */
  readonly name: string
  /** The column that says whom a row is about. */
  readonly subject?: string | undefined
}

export interface ConditionSqlOptions {
  /** The moment of the question, an expression of timestamptz. Default: `statement_timestamp()`. */
  readonly now?: string
}

/** For the SQL functions: the role whose privileges the statement was planned with. */
export const planned = "wardkeep.planned_as()"

/**
 * A condition as the predicate of a row-level security policy on `table`. What does not depend on the row stands in a
 * sub-select that is evaluated once per statement, and the columns of the row are compared with leakproof operators, so
 * an index on them serves below the fence (equality of enums is the exception: PostgreSQL does not call it leakproof).
 * NULL on either side makes the predicate false or NULL: both deny. So does a context that does not hold; the fence, or
 * what {@link ruleSql} puts in front, is what raises.
 *
 * A sub-select on an assignment table runs with the rights of the role and under that table's own fence.
 *
 * @throws WK002 the database lacks a column, or its type cannot be compared
 * @throws WK001 the condition asks for the subject of a table that names none
 * @example
 * conditionSql({ own: "author" }, { name: "public.note" }, new Map([["public.note", new Map([["author", { type: "text" }]])]]))
 * // "author" = (select c.actor from wardkeep.held(wardkeep.planned_as()) c)
 */
export function conditionSql(
  condition: Condition,
  table: ConditionTable,
  columnTypes: ColumnTypes,
  { now = "statement_timestamp()" }: ConditionSqlOptions = {},
): string {
  const inner = (part: Condition): string => conditionSql(part, table, columnTypes, { now })
  if ("all" in condition) return combined(condition.all.map(inner), "and")
  if ("any" in condition) return combined(condition.any.map(inner), "or")
  if ("own" in condition) return isActor(condition.own, table.name, columnTypes)
  if ("ownSubject" in condition) return isActor(subjectOf(table), table.name, columnTypes)
  if ("assigned" in condition) return assignedSql(condition.assigned, table, columnTypes, now)
  if ("state" in condition) return stateSql(condition.state, table.name, columnTypes)
  if ("branch" in condition)
    return isAny(condition.branch, `wardkeep.held_branches(${planned})`, table.name, columnTypes)
  if ("group" in condition) {
    const { column, name } = condition.group
    return isAny(column, `wardkeep.group_branches(${planned}, ${quoteLiteral(name)})`, table.name, columnTypes)
  }
  if ("within" in condition) {
    const { column, last = "PT0S", next = "PT0S" } = condition.within
    checkMoment(columnTypes, table.name, column)
    const from = `(select ${now} - ${seconds(last)})`
    return `${quoteIdent(column)} between ${from} and (select ${now} + ${seconds(next)})`
  }
  return hoursSql(condition.hours, now)
}

/** The actor as the type of the column; a text that is no such key, or not its canonical form, is NULL. */
export function actorAs(type: KeyType): string {
  const held = `wardkeep.held(${planned}) c`
  if (type === "text" || type === "character varying") return `(select c.actor from ${held})`
  if (type === "uuid") {
    const canonical = "'^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$'"
    return `(select case when c.actor ~ ${canonical} then c.actor::uuid end from ${held})`
  }
  const [least, most] = ranges[type]
  // Nineteen digits fit numeric, so the range is asked before the cast can raise.
  const fits = `case when c.actor ~ '^(0|-?[1-9][0-9]{0,18})$' then c.actor::numeric between ${least} and ${most} end`
  return `(select case when ${fits} then c.actor::${type} end from ${held})`
}

const ranges = {
  smallint: ["-32768", "32767"],
  integer: ["-2147483648", "2147483647"],
  bigint: ["-9223372036854775808", "9223372036854775807"],
} as const

function isActor(column: string, table: string, types: ColumnTypes): string {
  return `${quoteIdent(column)} = ${actorAs(keyTypeOf(types, table, column))}`
}

function isAny(column: string, list: string, table: string, types: ColumnTypes): string {
  const type = keyTypeOf(types, table, column)
  const array = type === "character varying" ? "text" : type
  return `${quoteIdent(column)} = any ((select ${list}::${array}[])::${array}[])`
}

function assignedSql(assigned: Assigned, table: ConditionTable, types: ColumnTypes, now: string): string {
  const subject = subjectOf(table)
  const type = keyTypeOf(types, table.name, subject)
  const listed = keyTypeOf(types, assigned.table, assigned.subject)
  if (type !== listed) {
    throw new WardkeepError("WK002", {
      message: `${table.name}.${subject} is ${type} and ${assigned.table}.${assigned.subject} is ${listed}; give both one type`,
    })
  }
  const column = (name: string): string => `a.${quoteIdent(name)}`
  const terms = [`${column(assigned.actor)} = ${actorAs(keyTypeOf(types, assigned.table, assigned.actor))}`]
  if (assigned.from !== undefined) {
    checkMoment(types, assigned.table, assigned.from)
    terms.push(`${column(assigned.from)} <= (select ${now})`)
  }
  if (assigned.until !== undefined) {
    checkMoment(types, assigned.table, assigned.until)
    const valid = `${column(assigned.until)} > (select ${now})`
    terms.push(assigned.openEnd === true ? `(${valid} or ${column(assigned.until)} is null)` : valid)
  }
  const from = assigned.table.split(".").map(quoteIdent).join(".")
  return `${quoteIdent(subject)} = any (array(select ${column(assigned.subject)} from ${from} a where ${terms.join(" and ")}))`
}

function hoursSql(hours: Hours, now: string): string {
  const { begins, lasts } = spanOf(hours)
  const terms: string[] = []
  if (hours.days !== undefined)
    terms.push(`extract(isodow from c)::integer = any ('{${isoDays(hours.days).join(",")}}'::integer[])`)
  if (hours.from !== undefined) terms.push(`c::time < time '00:00' + interval '${lasts} minutes'`)
  const clock = `(${now} at time zone ${quoteLiteral(hours.zone)}) - interval '${begins} minutes'`
  return `(select ${terms.join(" and ")} from (select ${clock} as c) clock)`
}

function subjectOf(table: ConditionTable): string {
  if (table.subject !== undefined) return table.subject
  throw new WardkeepError("WK001", {
    message: `the condition asks whom a row is about; name the subject of ${table.name}`,
  })
}

function combined(parts: readonly string[], word: "and" | "or"): string {
  return parts.length === 1 ? (parts[0] ?? "false") : `(${parts.join(` ${word} `)})`
}

function seconds(duration: string): string {
  return `interval '${durationSeconds(duration)} seconds'`
}
