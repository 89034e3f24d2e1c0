import { type Action, actions, type Policy } from "@wardkeep/core"
import type { Matrix } from "../matrix/matrix.js"

const letters: Readonly<Record<Action, string>> = {
  create: "c",
  read: "r",
  update: "u",
  delete: "d",
  download: "w",
  print: "p",
  export: "e",
  share: "s",
}

export const legend = `${actions.map((action) => `${letters[action]} ${action}`).join(", ")}; capitals: always; small: tied to a condition, a purpose or a second factor; *: some columns only`

/** What a role may do with one table, in a few letters. */
export interface MatrixCell {
  /** `CR*u`: capitals always, small letters tied to something, `*` some columns only; empty for nothing. */
  readonly text: string
  /** How much it is, from 0 to 1, for colour: four actions without ties are all of it. */
  readonly weight: number
  /** What it is tied to and limited to, in words. */
  readonly title: string
}

/** Roles and services, as columns of a report. */
export function columnHeads(policy: Policy): { kind: "role" | "service"; name: string; shown: string }[] {
  return policy.actors.map(({ kind, name }) => ({ kind, name, shown: kind === "role" ? name : `${name} (service)` }))
}

/**
 * One table of one role or service in a few letters, for a table of one's own; {@link matrixHtml} and {@link matrixText} are made
 * of these.
 *
 * Unknown names give nothing, as everywhere in a {@link Matrix}.
 *
 * @example matrixCell(compileMatrix(policy), "role", "doctor", "patient").text // "RU*"
 */
export function matrixCell(matrix: Matrix, kind: "role" | "service", name: string, table: string): MatrixCell {
  const permission = matrix.policy.actors
    .find((one) => one.kind === kind && one.name === name)
    ?.can.get(matrix.qualify(table))
  const role = matrix.role(name, kind)
  let text = ""
  let weight = 0
  const titles: string[] = []
  for (const action of actions) {
    const cell = matrix.cell(table, action)
    const rule = permission?.rules[action]
    if (rule === undefined || !matrix.could(role, cell)) continue
    const always = matrix.can(role, cell)
    text += (always ? letters[action].toUpperCase() : letters[action]) + (rule.columns === "all" ? "" : "*")
    weight += always ? 0.25 : 0.125
    const ties = [
      rule.columns === "all" ? "" : rule.columns.join(", "),
      rule.when === null ? "" : `when ${rule.when}`,
      rule.purposes === null ? "" : `for ${rule.purposes.join(" or ")}`,
      rule.mfaSeconds === null ? "" : `second factor within ${rule.mfaSeconds} s`,
    ].filter((tie) => tie !== "")
    titles.push(ties.length === 0 ? action : `${action}: ${ties.join("; ")}`)
  }
  return { text, weight: Math.min(1, weight), title: titles.join("\n") }
}

/** Tables of the policy's own schema are shown without it. */
export function tableLabel(policy: Policy, table: string): string {
  return table.startsWith(`${policy.schema}.`) ? table.slice(policy.schema.length + 1) : table
}
