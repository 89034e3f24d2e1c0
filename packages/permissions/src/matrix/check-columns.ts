import { actions, type Policy, WardkeepError } from "@wardkeep/core"
import type { ColumnTypes } from "../sql/column-types.js"
import { ruleSql } from "../sql/rule-sql.js"

/**
 * Every table, column and type that cells and conditions name must be there. All faults in one error.
 *
 * @throws WK002 with one line per fault
 */
export function checkColumns(policy: Policy, columnTypes: ColumnTypes): void {
  const faults = new Set<string>()
  const asked = new Set<string>()
  for (const actor of policy.actors) {
    for (const [table, { rules }] of actor.can) {
      const known = columnTypes.get(table)
      for (const action of actions) {
        const rule = rules[action]
        if (rule === undefined) continue
        const at = `${actor.kind}s.${actor.name}.can.${table}.${action}`
        if (known === undefined) faults.add(`${at}: the table ${table} is not there`)
        else if (rule.columns !== "all") {
          const missing = rule.columns.filter((column) => !known.has(column))
          if (missing.length > 0) faults.add(`${at}: ${table} has no column ${missing.join(", ")}`)
        }
        for (const name of new Set([rule.when, rule.after])) {
          if (name === null || asked.has(`${table} ${name}`)) continue
          asked.add(`${table} ${name}`)
          const fault = conditionFault(policy, table, name, columnTypes)
          if (fault !== undefined) faults.add(`conditions.${name} on ${table}: ${fault}`)
        }
      }
    }
  }
  if (faults.size === 0) return
  throw new WardkeepError("WK002", {
    message: `The policy file and the columns do not agree:\n${[...faults].map((fault) => `  - ${fault}`).join("\n")}`,
  })
}

function conditionFault(policy: Policy, table: string, name: string, types: ColumnTypes): string | undefined {
  try {
    const rule = { columns: "all", when: name, after: null, purposes: null, mfaSeconds: null } as const
    ruleSql(policy, table, "read", rule, types)
    return undefined
  } catch (error) {
    if (error instanceof WardkeepError) return error.message
    throw error
  }
}
