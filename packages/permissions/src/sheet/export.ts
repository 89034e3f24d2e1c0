import { actions, type Policy } from "@wardkeep/core"
import { cellText } from "./cell-text.js"
import { writeCsv } from "./csv.js"

/**
 * The matrix as a sheet that people who do not write code can read and change: one line per table and action, one column
 * per role, inheritance resolved. Services and conditions stay in the policy file.
 *
 * @example writeFileSync("matrix.csv", exportCsv(policy))
 */
export function exportCsv(policy: Policy): string {
  const roles = policy.actors.filter((actor) => actor.kind === "role")
  const lines = [...policy.tables.keys()].flatMap((table) =>
    actions.map((action) => [table, action, ...roles.map((role) => cellText(role.can.get(table)?.rules[action]))]),
  )
  return writeCsv([["table", "action", ...roles.map((role) => role.name)], ...lines])
}
