import type { Managed, ScopedTable } from "@wardkeep/postgres/migrate"
import { dataFunction } from "./data-function.js"
import { recordColumns } from "./record-function.js"

/**
 * Of what type the one column is that names a record of each table in the log, and under the empty name of what types the columns
 * are that name a person.
 */
export function keyTypesFunction(own: readonly ScopedTable[]): Managed {
  const typeOf = ({ table }: ScopedTable, columns: readonly string[]): string[] =>
    columns.flatMap((name) => table.columns.get(name)?.type ?? [])
  const persons = own.flatMap((entry) => typeOf(entry, entry.rule.subject === undefined ? [] : [entry.rule.subject]))
  const types: Record<string, string[]> = { "": [...new Set(persons)].sort() }
  for (const entry of own) {
    const columns = recordColumns(entry)
    types[entry.table.name] = columns.length === 1 ? typeOf(entry, columns) : []
  }
  return dataFunction("key_types", "how the log spells the keys of records and of persons", types)
}
