import { type ColumnSet, quoteIdent, quoteLiteral } from "@wardkeep/core"
import { sqlTable, type TableFacts, typeOf } from "../catalog.js"
import type { SqlAction } from "./attempts.js"
import type { RealRow } from "./rows.js"

interface Statement {
  readonly text: string
  readonly values: readonly (string | null)[]
  readonly plain: string | null
  readonly probe: boolean
}

/** Every column that a list covers. */
export function covered(table: TableFacts, columns: ColumnSet): string[] {
  const known = [...table.columns.keys()]
  return columns === "all" ? known : known.filter((column) => columns.includes(column))
}

/** The statement of an action at one row, by its primary key; `fixed` are the columns of key and scope. */
export function aimedAt(
  table: TableFacts,
  action: SqlAction,
  row: RealRow,
  columns: readonly string[],
  fixed: readonly string[],
): Statement {
  if (action === "create") return insert(table, row, columns, fixed)
  const values: (string | null)[] = []
  const given = (column: string): string => {
    values.push(row.texts.get(column) ?? null)
    return `$${values.length}::${typeOf(table, column)}`
  }
  const target = sqlTable(table.name)
  const set = action === "update" ? columns.slice(0, 1).map((column) => `${quoteIdent(column)} = ${given(column)}`) : []
  const where = table.key.map((column) => `${quoteIdent(column)} = ${given(column)}`).join(" and ")
  const head = {
    read: `select ${columns.map(quoteIdent).join(", ")} from ${target}`,
    update: `update ${target} set ${set.join(", ")}`,
    delete: `delete from ${target}`,
  }[action]
  const [changed] = columns
  const plainHead =
    action === "update"
      ? `update ${target} set ${set.length === 0 || changed === undefined ? "" : `${quoteIdent(changed)} = ${quoteIdent(changed)}`}`
      : head
  const plain = `${plainHead} where ${table.key.map((column) => `${quoteIdent(column)} = ${literal(table, row, column)}`).join(" and ")}`
  return { text: `${head} where ${where}`, values, plain, probe: false }
}

/**
 * A copy of the row, with its own key: PostgreSQL asks the policies before the constraints, so a duplicate key shows that
 * they let it through.
 */
function insert(table: TableFacts, row: RealRow, columns: readonly string[], fixed: readonly string[]): Statement {
  const written = columns.filter((column) => table.columns.get(column)?.unwritable === false)
  const into = (names: readonly string[], values: readonly string[]): string =>
    `insert into ${sqlTable(table.name)} (${names.map(quoteIdent).join(", ")}) values (${values.join(", ")})`
  const values = written.map((column) => row.texts.get(column) ?? null)
  const places = written.map((column, n) => `$${n + 1}::${typeOf(table, column)}`)
  const few = written.filter((column) => fixed.includes(column))
  const plain = few.map((column) => literal(table, row, column))
  return { text: into(written, places), values, plain: few.length === 0 ? null : into(few, plain), probe: false }
}

function literal(table: TableFacts, row: RealRow, column: string): string {
  const text = row.texts.get(column) ?? null
  return text === null ? "null" : `${quoteLiteral(text)}::${typeOf(table, column)}`
}

/** Whether the right to a column is there, or without one to any column, with no row; a change always names a column. */
export function probeOf(table: TableFacts, action: SqlAction, column?: string): Statement {
  const target = sqlTable(table.name)
  const one = quoteIdent(column ?? table.columns.keys().next().value ?? "")
  const text = {
    create: `insert into ${target} ${column === undefined ? "select" : `(${one}) select null`} where false`,
    read: `select ${column === undefined ? "1" : one} from ${target} where false`,
    update: `update ${target} set ${one} = default where false`,
    delete: `delete from ${target} where false`,
  }[action]
  return { text, values: [], plain: text, probe: true }
}
