import { conditionNamed, type Policy, quoteLiteral, type Rule, WardkeepError } from "@wardkeep/core"
import { futureSeconds } from "../condition/second-factor.js"
import type { ColumnTypes } from "./column-types.js"
import { type ConditionSqlOptions, conditionSql } from "./condition-sql.js"

export interface RuleSql {
  /** For rows that are there: read, update, delete. Null: no policy predicate is needed. */
  readonly using: string | null
  /** For rows as they will be: create, update. */
  readonly check: string | null
}

/**
 * Everything a rule is tied to as the two predicates of its command's permissive policy: condition, purposes, age of the
 * second factor. `create` has only a check, `read` and `delete` only a using.
 *
 * @throws WK001, WK002 as {@link conditionSql}
 */
export function ruleSql(
  policy: Policy,
  table: string,
  action: "create" | "read" | "update" | "delete",
  rule: Rule,
  columnTypes: ColumnTypes,
  options: ConditionSqlOptions = {},
): RuleSql {
  const { now = "statement_timestamp()" } = options
  const shared: string[] = []
  if (rule.purposes !== null) {
    const list = rule.purposes.map(quoteLiteral).join(", ")
    shared.push(`(select wardkeep.purpose() = any (array[${list}]::text[]))`)
  }
  if (rule.mfaSeconds !== null) {
    const from = `${now} - interval '${rule.mfaSeconds} seconds'`
    shared.push(`(select m between ${from} and ${now} + interval '${futureSeconds} seconds' from wardkeep.mfa_at() m)`)
  }
  const predicate = (name: string | null): string | null => {
    const terms = [...shared]
    if (name !== null) terms.push(conditionSql(known(policy, name), subjectOf(policy, table), columnTypes, options))
    return terms.length === 0 ? null : terms.join(" and ")
  }
  return {
    using: action === "create" ? null : predicate(rule.when),
    check: action === "create" ? predicate(rule.when) : action === "update" ? predicate(rule.after) : null,
  }
}

function known(policy: Policy, name: string): NonNullable<ReturnType<typeof conditionNamed>> {
  const condition = conditionNamed(policy, name)
  if (condition === undefined) throw new WardkeepError("WK001", { message: `${name} is not under conditions` })
  return condition
}

function subjectOf(policy: Policy, table: string): { name: string; subject: string | undefined } {
  return { name: table, subject: policy.tables.get(table)?.subject }
}
