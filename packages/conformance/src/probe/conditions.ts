import { quoteLiteral } from "@wardkeep/core"
import { columnOf, type Relation } from "../catalog/relation.js"
import { names } from "./policy-parts.js"

type Values = Readonly<Record<string, string>>

/** Other words than the first ones. */
const limit = 2

/** `new.status = 'merged'`, as a function has it and as PostgreSQL writes a WHEN: `(new.status)::text = 'merged'::text`. */
const comparing =
  /\bnew\.(\w+)\)*(?:::[\w ]+)?\s*(?:=|is not distinct from|in|= any)\s*(?:\(|array\[)*'((?:[^']|'')*)'/gi

/**
 * What a trigger's text wants of a new row before it does anything, as SQL by column: all the words at once, those and a
 * yes wherever it asks for one, then what else a column may say.
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
  const first = Object.fromEntries([...words].flatMap(([name, [word]]) => (word === undefined ? [] : [[name, word]])))
  const others = [...words].flatMap(([name, list]) => list.slice(1).map((word) => ({ ...first, [name]: word })))
  const yes = relation.columns.filter(
    ({ name, base, generated }) => base === "boolean" && !generated && names(source, `new.${name}`),
  )
  const agreed = { ...first, ...Object.fromEntries(yes.map(({ name }) => [name, "true"])) }
  return [...(words.size > 0 ? [first] : []), ...(yes.length > 0 ? [agreed] : []), ...others.slice(0, limit)]
}
