import { quoteIdent, quoteLiteral } from "@wardkeep/core"
import { type Column, columnOf, quoted, type Relation } from "../../catalog/relation.js"
import { insertStatement } from "../../probe/insertion.js"
import { keyAs } from "../../probe/key-as.js"
import type { Pair } from "../../probe/pair.js"
import type { Scene } from "../../run/check.js"

/** Columns in which what the context says is put, and values of it. */
const limits = { columns: 6, values: 3 }

/**
 * A row that is the attacker's own in every respect, with what its context says of it in one column: the note of an
 * emergency, for a policy that asks who noted one and not where.
 */
export async function ownRows(scene: Scene, { attacker }: Pair, used: Relation): Promise<string[]> {
  const rights = await scene.rights.of(attacker, used)
  const base = whose(used, attacker.keys[0])
  const said = Object.values(attacker.tenant.connect.settings)
    .filter((text) => text !== "" && text.length <= 100 && !/^[[{]/.test(text))
    .slice(0, limits.values)
  const places = used.columns.filter(({ name }) => !Object.hasOwn(base, name) && rights.insert.includes(name))
  const sets = [
    base,
    ...places
      .flatMap((place) =>
        said.flatMap((text) => textAs(place, text).map((value) => ({ ...base, [place.name]: value }))),
      )
      .slice(0, limits.columns * limits.values),
  ]
  return sets.flatMap((set) => insertStatement({ relation: used, rights, like: undefined, set }) ?? [])
}

/** That a row is the attacker's, where a column says so. */
export function whose(used: Relation, key: string | undefined): Readonly<Record<string, string>> {
  const column = used.tenancy.by === "column" ? columnOf(used, used.tenancy.column.name) : undefined
  const value = column === undefined || key === undefined ? undefined : keyAs(column, key)[0]
  return column === undefined || value === undefined ? {} : { [column.name]: value }
}

const textAs = ({ base, category, enum: isEnum, generated, identity }: Column, text: string): string[] =>
  category === "S" && !isEnum && !generated && identity === "" ? [`${quoteLiteral(text)}::${base}`] : []

/**
 * The attacker's key, wherever it stands inside a longer text, list or document, exchanged for the victim's: whatever the
 * form, it stays one.
 */
export async function renamed(scene: Scene, { attacker, victim }: Pair, used: Relation): Promise<string[]> {
  const rights = await scene.rights.of(attacker, used)
  const to = victim.keys[0]
  if (to === undefined) return []
  return used.columns
    .filter(({ name, category, base, generated }) => {
      const isText = category === "S" || category === "A" || /^(jsonb?|xml|(.*\.)?hstore)$/.test(base)
      return isText && !generated && rights.update.includes(name) && rights.select.includes(name)
    })
    .slice(0, limits.columns)
    .flatMap(({ name, base }) => {
      const text = `wk_row.${quoteIdent(name)}::text`
      return attacker.keys.slice(0, 2).map((from) => {
        const word = quoteLiteral(`\\m${from.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")}\\M`)
        const changed = `regexp_replace(${text}, ${word}, ${quoteLiteral(to.replaceAll("\\", "\\\\"))}, 'g')`
        return `update ${quoted(used)} as wk_row set ${quoteIdent(name)} = ${changed}::${base} where ${text} ~ ${word} and ${text} <> ${quoteLiteral(from)}`
      })
    })
}
