import { isTied, narrowableActions, type Policy, quoteIdent, type Rule } from "@wardkeep/core"
import { type ColumnTypes, type RuleSql, ruleSql } from "@wardkeep/permissions"
import { databaseRole } from "./actors.js"
import { type Command, commands, policyObject } from "./policy-object.js"
import type { ScopedTable } from "./scope.js"
import { hashOf, type Managed, qualified, type Step } from "./step.js"

/** The columns of the tables in the policy file, as conditions are checked against them. */
export function columnTypesOf(scoped: ReadonlyMap<string, ScopedTable>): ColumnTypes {
  return new Map([...scoped].map(([name, { table }]) => [name, table.columns]))
}

/**
 * What the roles may do with rows: a permissive policy per command, and one more for each text of conditions, for all the
 * roles that share it. A role has one policy per command, so none can widen another.
 */
export function rulePolicies(policy: Policy, entry: ScopedTable, types: ColumnTypes): Managed[] {
  const { name } = entry.table
  const options = entry.tenant === null ? {} : { tenant: entry.tenant }
  return narrowableActions.flatMap((action) => {
    const command = commands[action]
    const groups = new Map<string, { readonly why: string; readonly roles: string[] }>()
    for (const actor of policy.actors) {
      const rule = actor.can.get(name)?.rules[action]
      if (rule === undefined) continue
      const clause = clauseOf(command, ruleSql(policy, name, action, rule, types, options))
      const group = groups.get(clause) ?? { why: `roles that may ${command}${inWords(rule)}`, roles: [] }
      group.roles.push(databaseRole(policy, actor))
      groups.set(clause, group)
    }
    return [...groups].map(([clause, { why, roles }]) => permissive(name, command, roles, clause, why))
  })
}

/** Without a condition the name is the command; others are told apart by their text. */
export function permissive(
  table: string,
  command: Command,
  roles: readonly string[],
  clause = clauseOf(command, { using: null, check: null }),
  why = `roles that may ${command}`,
): Managed {
  const always = clause === clauseOf(command, { using: null, check: null })
  const name = always ? `wk_${command}` : `wk_${command}_${hashOf(clause).slice(0, 8)}`
  return policyObject(table, name, "widen", why, `for ${command} to ${roles.map(quoteIdent).join(", ")} ${clause}`)
}

function clauseOf(command: Command, { using, check }: RuleSql): string {
  const after = `with check (${check ?? "true"})`
  if (command === "insert") return after
  return command === "update" ? `using (${using ?? "true"}) ${after}` : `using (${using ?? "true"})`
}

function inWords({ when, after, purposes, mfaSeconds }: Rule): string {
  const parts = [
    when === null ? "" : `when ${when}`,
    after === null || after === when ? "" : `then ${after}`,
    purposes === null ? "" : `for ${purposes.join(" or ")}`,
    mfaSeconds === null ? "" : `second factor not older than ${mfaSeconds} seconds`,
  ].filter((part) => part !== "")
  return parts.length === 0 ? "" : `: ${parts.join(", ")}`
}

/** Whether a role may do something with some rows of the table only. */
export function hasTiedRule(policy: Policy, table: string): boolean {
  return policy.actors.some((actor) => {
    const rules = actor.can.get(table)?.rules
    return narrowableActions.some((action) => {
      const rule = rules?.[action]
      return rule !== undefined && isTied(rule)
    })
  })
}

/** Reference data has no fence; its conditions need row-level security, which does not hold for the owner. */
export function referenceSteps(policy: Policy, { level, table }: ScopedTable): Step[] {
  if (level !== "global" || !hasTiedRule(policy, table.name) || (table.rls && !table.forced)) return []
  return [
    {
      phase: "narrow",
      object: table.name,
      why: "roles that may reach some rows only",
      sql: `alter table ${qualified(table.name)} enable row level security, no force row level security`,
    },
  ]
}
