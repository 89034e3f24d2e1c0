import { type Action, isAction, type Policy, replaceCells, WardkeepError } from "@wardkeep/core"
import { type Change, diff } from "../diff/diff.js"
import { type CellContent, readCell } from "./cell-text.js"
import { type Line, readCsv } from "./csv.js"

export interface Imported {
  /** A new policy; the one that was given is untouched. */
  readonly policy: Policy
  /** What the sheet changes, to be read before anybody uses it. */
  readonly changes: readonly Change[]
}

type Cells = Record<string, Record<string, Partial<Record<Action, CellContent>>>>

/**
 * Reads a sheet as {@link exportCsv} writes it. The sheet replaces the cells of the roles and tables it names; the others
 * stay. Everything in it must be known: roles, tables, actions, conditions, purposes.
 *
 * @throws WK001 with one line per fault: line and column of the sheet, and what is wrong; nothing is changed
 * @example
 * const { policy, changes } = importCsv(current, readFileSync("matrix.csv", "utf8"))
 * console.log(diffText(changes))
 */
export function importCsv(current: Policy, csv: string): Imported {
  const [head, ...lines] = readCsv(csv)
  const faults: string[] = []
  const roles = readHead(current, head, faults)
  const cells: Cells = Object.create(null)
  const seen = new Set<string>()
  for (const line of lines) readLine(current, line, roles, cells, seen, faults)
  if (faults.length > 0) throw invalid(faults)
  const policy = replaceCells(current, cells)
  return { policy, changes: diff(current, policy) }
}

function readHead(policy: Policy, head: Line | undefined, faults: string[]): string[] {
  const [table, action, ...roles] = (head?.fields ?? []).map((field) => field.trim())
  if (table !== "table" || action !== "action" || roles.length === 0)
    throw invalid(["line 1: begin with `table,action` and one role per column"])
  const known = new Set(policy.actors.filter((actor) => actor.kind === "role").map((actor) => actor.name))
  for (const [index, role] of roles.entries()) {
    if (!known.has(role)) faults.push(`line 1: ${shown(role)} is not a role of the policy file`)
    if (roles.indexOf(role) !== index) faults.push(`line 1: ${shown(role)} stands there twice`)
  }
  return roles
}

function readLine(
  policy: Policy,
  { number, fields }: Line,
  roles: readonly string[],
  cells: Cells,
  seen: Set<string>,
  faults: string[],
): void {
  const [name = "", action = "", ...texts] = fields.map((field) => field.trim())
  const at = `line ${number}`
  const table = name.includes(".") ? name : `${policy.schema}.${name}`
  if (!policy.tables.has(table)) faults.push(`${at}: ${shown(name)} is not a table of the policy file`)
  if (!isAction(action)) {
    faults.push(`${at}: ${shown(action)} is not an action`)
    return
  }
  if (seen.has(`${table} ${action}`)) faults.push(`${at}: ${table} ${action} stands there twice`)
  seen.add(`${table} ${action}`)
  if (texts.length !== roles.length)
    faults.push(`${at}: has ${texts.length} cells, and the first line names ${roles.length} roles`)
  for (const [index, role] of roles.entries()) {
    const content = readCell(texts[index] ?? "")
    if (content === undefined) {
      faults.push(
        `${at}, ${role}: write yes, no, or parts such as \`columns id; phone | when own | for care | mfa PT15M\``,
      )
      continue
    }
    const ofRole = cells[role] ?? {}
    cells[role] = ofRole
    ofRole[table] = { ...ofRole[table], [action]: content }
  }
}

/** A cell may hold anything, so a message shows little of it. */
function shown(text: string): string {
  return JSON.stringify(text.length > 40 ? `${text.slice(0, 40)}…` : text)
}

function invalid(faults: readonly string[]): WardkeepError {
  return new WardkeepError("WK001", {
    message: `The sheet is not valid:\n${faults.map((fault) => `  - ${fault}`).join("\n")}`,
    hint: "Correct the places the message names; nothing was changed.",
  })
}
