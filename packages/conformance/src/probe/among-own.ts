import { quoteLiteral } from "@wardkeep/core"
import type { Actor } from "../database/actor.js"
import type { Scene } from "../run/check.js"
import { type Argument, product, type Routine } from "./argument.js"
import { hidden } from "./hidden.js"
import { columnFor, literalIn } from "./like-rows.js"
import { tenantTablesIn } from "./only-theirs.js"
import type { Pair } from "./pair.js"
import { keysOfRows } from "./row-keys.js"
import { isTenantName } from "./scopes.js"

/** Documents of one function, what one argument beside them may be, and how many such lists of words there are. */
const limits = { documents: 8, words: 3, around: 3 }

/** A document, by its type or because the function's text makes one of it. */
function isDocument({ source }: Routine, { base, category, name }: Argument): boolean {
  if (/^jsonb?$/.test(base)) return true
  const word = name.replace(/\W/g, ".")
  return (
    category === "S" &&
    word !== "" &&
    new RegExp(`\\b${word}\\s*(::|\\bas\\b)\\s*(pg_catalog\\.)?jsonb?\\b`, "i").test(source)
  )
}

/** The same, or several in an array. */
export const holdsDocuments = (one: Routine, arg: Argument): boolean =>
  /^jsonb?\[\]$/.test(arg.base) || isDocument(one, arg)

/**
 * Who reads a document asks first who brings it: a device, a batch, a user of the caller's own. So each document is brought with
 * what the attacker has in the other places: words of its own rows, and their keys.
 *
 * @param lists what each argument would be asked with; the documents stand there
 */
export async function amongOwn(
  scene: Scene,
  one: Routine,
  { attacker }: Pair,
  lists: readonly (readonly string[])[],
): Promise<string[][]> {
  const place = one.arguments.findIndex((arg) => holdsDocuments(one, arg))
  if (place < 0 || one.arguments.length < 2) return []
  const own: string[][] = []
  for (const [at, arg] of one.arguments.entries())
    own.push(at === place ? [""] : await wordsFor(scene, one, arg, attacker, lists[at]?.[0]))
  const around = product(own).slice(0, limits.around)
  return (lists[place] ?? [])
    .slice(0, limits.documents)
    .flatMap((document) => around.map((words) => words.with(place, document)))
}

/** What the attacker has for that argument: its own key, a word of its rows' column of that name, keys of its rows; else the usual. */
async function wordsFor(
  scene: Scene,
  { source }: Routine,
  arg: Argument,
  attacker: Actor,
  usual = `null::${arg.type}`,
): Promise<string[]> {
  const isTenant = isTenantName(scene, arg.name) && arg.category !== "A"
  const tenant = (isTenant ? attacker.keys.slice(0, 1) : []).map((key) => `${quoteLiteral(key)}::${arg.type}`)
  const tables = tenantTablesIn(scene, source)
  const column = columnFor(tables, arg)
  const rows = column === undefined ? [] : (await scene.facts.owned(column.table, attacker)).rows
  const words = rows.flatMap((row) => (column && literalIn(row, column, arg.type, attacker.name)) ?? [])
  const keys = /^[SNU]$/.test(arg.category) ? await keysOfRows(scene, arg, attacker, (one) => tables.includes(one)) : []
  // One of each table: another row of the same is as good.
  const places = [...new Map(keys.map((one) => [one.place, one])).values()]
  const ids = places.map(({ text, place }) => `${hidden(text, place, attacker.name)}::${arg.type}`)
  const found = [...new Set([...tenant, ...words.slice(0, 1), ...ids])].slice(0, limits.words)
  return found.length > 0 ? found : [usual]
}
