import { columnOf, labelOf, type Relation } from "../catalog/relation.js"
import type { Scene } from "../run/check.js"
import type { Argument, Routine } from "./argument.js"
import type { SampleRow } from "./facts.js"
import { hidden } from "./hidden.js"
import { tenantTablesIn } from "./only-theirs.js"
import type { Pair } from "./pair.js"
import { plainName } from "./row-keys.js"
import { isTenantName } from "./scopes.js"

/** Of the attacker's own, more than the first, that are tried beside another tenant's key. */
const ownRows = 4

export interface NamedColumn {
  readonly table: Relation
  readonly name: string
}

/**
 * Argument lists like a row: each argument is what stands in the column of its name, `p_percent` of `percent`, and of others
 * the first that it would be asked with. All of a row of the attacker's; the same with one of the victim's in one place; all of
 * the victim's; then more of the attacker's with the victim's key. What is checked before a row is reached lets those pass, where a value that is made up is refused.
 */
export async function likeRows(
  scene: Scene,
  { arguments: args, source }: Routine,
  { attacker, victim }: Pair,
  lists: readonly (readonly string[])[],
): Promise<string[][]> {
  if (args.length < 2) return []
  const tables = tenantTablesIn(scene, source)
  const columns = args.map((arg) => columnFor(tables, arg))
  if (columns.filter((one) => one !== undefined).length < 2) return []
  const from = async (who: Pair["victim"], row = 0): Promise<(string | undefined)[]> => {
    const values: (string | undefined)[] = []
    for (const [at, column] of columns.entries()) {
      const rows = column === undefined ? [] : (await scene.facts.owned(column.table, who)).rows
      values.push(column && literalIn(rows[row], column, args[at]?.type ?? "text", who.name))
    }
    return values
  }
  const [own, theirs] = [await from(attacker), await from(victim)]
  // An invitation, an order, a draft of one's own may be any of one's rows, and is told another tenant.
  const ownBeside = async (): Promise<(string | undefined)[][]> => {
    const told = args.findIndex((arg, at) => columns[at] !== undefined && isTenantName(scene, arg.name))
    const key = told < 0 ? undefined : theirs[told]
    const found: (string | undefined)[][] = []
    while (key !== undefined && found.length < ownRows) {
      const values = await from(attacker, found.length + 1)
      if (values.every((value) => value === undefined)) break
      found.push(values.with(told, key))
    }
    return found
  }
  const filled = (values: readonly (string | undefined)[]): string[] =>
    values.map((value, at) => value ?? lists[at]?.[0] ?? `null::${args[at]?.type}`)
  return [
    own,
    ...theirs.flatMap((value, at) => (value === undefined ? [] : [own.with(at, value)])),
    theirs,
    ...(await ownBeside()),
  ].map(filled)
}

/** Called like the argument, or with its name at an end: `valid_till` for `till`, `tablet_no` for `tablet`. */
export function columnFor(tables: readonly Relation[], { name, out, category }: Argument): NamedColumn | undefined {
  const wanted = plainName(name)
  if (out || wanted === "") return undefined
  const exact = tables.find((table) => columnOf(table, wanted)?.category === category)
  if (exact !== undefined) return { table: exact, name: wanted }
  const isNamed = [
    (column: string) => column.endsWith(`_${wanted}`),
    (column: string) => column.startsWith(`${wanted}_`),
  ]
  for (const isIt of isNamed)
    for (const table of tables) {
      const found = table.columns.find((one) => one.category === category && isIt(one.name))
      if (found !== undefined) return { table, name: found.name }
    }
  return undefined
}

export function literalIn(
  row: SampleRow | undefined,
  { table, name }: NamedColumn,
  type: string,
  tenant: string,
): string | undefined {
  const value = row?.values[name] ?? undefined
  if (value === undefined || typeof value === "object") return undefined
  return `${hidden(String(value), `${labelOf(table)}.${name}`, tenant)}::${type}`
}
