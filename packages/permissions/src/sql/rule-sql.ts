import {
  type Condition,
  conditionNamed,
  type Policy,
  partsOf,
  quoteIdent,
  quoteLiteral,
  type Rule,
  WardkeepError,
} from "@wardkeep/core"
import type { ColumnTypes } from "./column-types.js"
import { type ConditionSqlOptions, conditionSql, planned } from "./condition-sql.js"

export interface RuleSql {
  /** For rows that are there: read, update, delete. Null: no policy predicate is needed. */
  readonly using: string | null
  /** For rows as they will be: create, update. */
  readonly check: string | null
}

export interface RuleSqlOptions extends ConditionSqlOptions {
  /** The column of the table that holds the tenant; none for reference data. */
  readonly tenant?: { readonly column: string; readonly type: string }
}

/**
 * Everything a rule is tied to as the two predicates of its command's permissive policy: condition, purposes, age of the
 * second factor. `create` has only a check, `read` and `delete` only a using.
 *
 * A purpose or second factor that is missing raises (WK205, WK204) instead of hiding rows: an empty list of allergies is
 * worse than an error. The refusal stands beside the tenant of the fence as a second equality of its column; PostgreSQL
 * compares the two values before it looks at any row, so an error tells nothing about rows. A context that does not hold
 * raises there too, and the conditions behind it can deny in silence.
 *
 * @throws WK001, WK002 as {@link conditionSql}
 */
export function ruleSql(
  policy: Policy,
  table: string,
  action: "create" | "read" | "update" | "delete",
  rule: Rule,
  columnTypes: ColumnTypes,
  options: RuleSqlOptions = {},
): RuleSql {
  const predicate = (name: string | null): string | null => {
    const condition = name === null ? null : known(policy, name)
    const terms: string[] = []
    if (rule.purposes !== null || rule.mfaSeconds !== null || (condition !== null && asksContext(condition)))
      terms.push(gate(rule, options))
    if (condition !== null) terms.push(conditionSql(condition, subjectOf(policy, table), columnTypes, options))
    return terms.length === 0 ? null : terms.join(" and ")
  }
  return {
    using: action === "create" ? null : predicate(rule.when),
    check: action === "create" ? predicate(rule.when) : action === "update" ? predicate(rule.after) : null,
  }
}

function gate({ purposes, mfaSeconds }: Rule, { now = "statement_timestamp()", tenant }: RuleSqlOptions): string {
  const list = purposes === null ? "null" : `array[${purposes.map(quoteLiteral).join(", ")}]`
  const asked = `wardkeep.tenant_for(${planned}, ${list}, ${mfaSeconds ?? "null"}, ${now})`
  if (tenant === undefined) return `(select ${asked} is not null)`
  return `${quoteIdent(tenant.column)} = (select ${asked}::${tenant.type})`
}

function asksContext(condition: Condition): boolean {
  const forms = ["own", "ownSubject", "assigned", "branch", "group"]
  return [...partsOf(condition)].some((part) => forms.some((form) => form in part))
}

function known(policy: Policy, name: string): NonNullable<ReturnType<typeof conditionNamed>> {
  const condition = conditionNamed(policy, name)
  if (condition === undefined) throw new WardkeepError("WK001", { message: `${name} is not under conditions` })
  return condition
}

function subjectOf(policy: Policy, table: string): { name: string; subject: string | undefined } {
  return { name: table, subject: policy.tables.get(table)?.subject }
}
