import { quoteLiteral } from "@wardkeep/core"
import { columnOf, type Relation } from "../catalog/relation.js"

type Values = Readonly<Record<string, string>>

/** Beside all of them at once. */
const limit = 3

/** `new.status = 'merged'`, as a function has it and as PostgreSQL writes a WHEN: `(new.status)::text = 'merged'::text`. */
const comparing =
  /\bnew\.(\w+)\)*(?:::[\w ]+)?\s*(?:=|is not distinct from|in|= any)\s*(?:\(|array\[)*'((?:[^']|'')*)'/gi

/**
 * What a trigger's text wants of a new row before it does anything, as SQL by column: first everything at once, then what else
 * a column may say.
 */
export function conditionsIn(relation: Relation, source: string): Values[] {
  const words = new Map<string, string[]>()
  const add = (name: string, value: string): void => {
    const known = words.get(name) ?? []
    if (!known.includes(value)) words.set(name, [...known, value])
  }
  for (const [, name = "", word = ""] of source.matchAll(comparing)) {
    const column = columnOf(relation, name.toLowerCase())
    if (column !== undefined && !column.generated)
      add(column.name, `${quoteLiteral(word.replaceAll("''", "'"))}::${column.base}`)
  }
  for (const { name, base, generated } of relation.columns)
    if (base === "boolean" && !generated && new RegExp(`\\bnew\\.${name}\\b`, "i").test(source)) add(name, "true")
  if (words.size === 0) return []
  const first = Object.fromEntries([...words].flatMap(([name, [word]]) => (word === undefined ? [] : [[name, word]])))
  const others = [...words].flatMap(([name, list]) => list.slice(1).map((word) => ({ ...first, [name]: word })))
  return [first, ...others.slice(0, limit - 1)]
}
