import { quoteIdent, quoteLiteral } from "@wardkeep/core"
import type { Column, Relation } from "../catalog/relation.js"
import { decidingColumns } from "../catalog/whose.js"
import type { Scene } from "../run/check.js"
import { checkedWords } from "./checked-words.js"
import { freshValue } from "./fresh.js"
import type { Rights } from "./rights.js"

/** Of a wide table, the first ones. */
const columnLimit = 12

/** Assignments that give a row another value than it has, one column each: a word from the column's list, or one made up. */
export async function changes(scene: Scene, relation: Relation, rights: Rights): Promise<string[]> {
  const listed = await checkedWords(scene)
  const keyed = new Set(relation.keys.flatMap(({ columns }) => columns))
  const tenant = decidingColumns(relation)
  const columns = relation.columns.filter(
    ({ name, generated, identity }) =>
      rights.update.includes(name) && !keyed.has(name) && !tenant.includes(name) && !generated && identity !== "a",
  )
  return columns.slice(0, columnLimit).flatMap((column) => {
    const words = listed.find((one) => one.relation === relation.oid && one.column === column.name)?.words ?? []
    const value = words.length > 0 ? next(column, words) : other(column)
    return value === undefined ? [] : [`${quoteIdent(column.name)} = ${value}`]
  })
}

/** A value made up, or of a boolean the one that does not stand there. */
const other = (column: Column): string | undefined =>
  column.base === "boolean" ? `not coalesce(wk_row.${quoteIdent(column.name)}, false)` : freshValue(column)

/** The word after the one that stands there, so that it is another one in every row. */
function next({ name, base }: Column, words: readonly string[]): string {
  const whens = words.map((word, place) => {
    const after = words[(place + 1) % words.length] ?? word
    return `when ${quoteLiteral(word)} then ${quoteLiteral(after)}`
  })
  return `(case wk_row.${quoteIdent(name)}::text ${whens.join(" ")} else ${quoteLiteral(words[0] ?? "")} end)::${base}`
}
