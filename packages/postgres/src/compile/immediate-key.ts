import { quoteIdent, WardkeepError } from "@wardkeep/core"
import type { CatalogTable } from "./catalog.js"
import { qualified } from "./step.js"

/**
 * Rows that exchange their keys in one statement hold one key twice in between, and the mirrors, which follow row by row,
 * lose one of them. Another unique index of the same column forbids it, whatever the primary key allows.
 *
 * @throws WK008 the primary key of one column is deferrable
 */
export function requireImmediateKey(table: CatalogTable): void {
  const primary = table.constraints.find(({ type, deferrable }) => type === "p" && deferrable)
  const [column, ...others] = primary?.columns ?? []
  if (primary === undefined || column === undefined || others.length > 0) return
  if (table.wholeUniques.some((columns) => columns.length === 1 && columns[0] === column)) return
  throw new WardkeepError("WK008", {
    message: `${table.name} has a deferrable primary key: two rows may exchange their keys in one statement, and what is known of one would be lost`,
    hint: `alter table ${qualified(table.name)} drop constraint ${quoteIdent(primary.name)}, add primary key (${quoteIdent(column)})`,
  })
}
