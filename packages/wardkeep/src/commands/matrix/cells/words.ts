import { type Actor, isTied, quoteIdent, quoteLiteral } from "@wardkeep/core"
import { scopeOf, sqlTable, type TableFacts, typeOf } from "../catalog.js"
import { waits } from "../consent.js"
import { type Planned, shownRole } from "./attempts.js"
import type { World } from "./choose.js"
import type { RealRow } from "./rows.js"
import { covered } from "./statements.js"
import { anybody, targetsOf } from "./targets.js"

/** Search: the words of a row tell of it, so whoever may not read the row must not meet its words. */
export function searched(world: World, actor: Actor, table: TableFacts): Planned[] {
  const search = world.policy.tables.get(table.name)?.search
  if (search === undefined || table.level === "global") return []
  const rule = actor.can.get(table.name)?.rules.read
  const named = { role: shownRole(actor), action: "read", table: `${table.name}_word`, column: null } as const
  const target = sqlTable(`${table.name}_word`)
  if (rule === undefined || !mayRead(world, actor, table)) {
    const text = `select word from ${target} where false`
    const probe = { text, values: [], plain: text, probe: true }
    return [{ ...named, where: "any row", expected: "refused", standing: anybody(actor), ...probe }]
  }
  const key = keyOf(world, table)
  return targetsOf({ world, actor, table, action: "read", rule }).map((aimed): Planned => {
    const { where, expected } = aimed
    if ("untried" in aimed) return { ...named, ...aimed }
    if (!hasWords(search, aimed.row)) return { ...named, where, expected, untried: "the row has no words to search" }
    const is = (value: (column: string, n: number) => string): string =>
      key.map((column, n) => `${wordKey(table, column)} = ${value(column, n)}::${typeOf(table, column)}`).join(" and ")
    const values = key.map((column) => aimed.row.texts.get(column) ?? null)
    const text = `select word from ${target} where ${is((_, n) => `$${n + 1}`)}`
    const plain = `select word from ${target} where ${is((_, n) => quoteLiteral(values[n] ?? ""))}`
    return { ...named, where, expected, standing: aimed.standing, of: table.name, text, values, plain, probe: false }
  })
}

/** Every searched column; where the role reads some rows only, the key too. Words name no subject, so no confined role. */
function mayRead({ policy }: World, actor: Actor, table: TableFacts): boolean {
  const rule = policy.tables.get(table.name)
  const read = actor.can.get(table.name)?.rules.read
  if (actor.confined || read === undefined) return false
  const some =
    isTied(read) || rule?.narrowable?.includes("read") || actor.purposes.some((one) => waits(policy, table, one))
  const scope = Object.values(scopeOf(policy, table)).filter((column) => column !== null)
  const needed = [
    ...(rule?.search?.words ?? []),
    ...(rule?.search?.lastDigits ?? []),
    ...(some ? [...scope, ...table.key] : []),
  ]
  return needed.every((column) => covered(table, read.columns).includes(column))
}

function keyOf({ policy }: World, table: TableFacts): string[] {
  const scope = Object.values(scopeOf(policy, table))
  return table.key.filter((column) => !scope.includes(column))
}

function wordKey({ name }: TableFacts, column: string): string {
  return quoteIdent(`${name.slice(name.indexOf(".") + 1)}_${column}`)
}

function hasWords(
  search: { readonly words: readonly string[]; readonly lastDigits: readonly string[] },
  { texts }: RealRow,
) {
  const matches = (columns: readonly string[], pattern: RegExp): boolean =>
    columns.some((column) => pattern.test(texts.get(column) ?? ""))
  return matches(search.words, /\p{L}|\p{N}/u) || matches(search.lastDigits, /(\d\D*){4}/)
}
