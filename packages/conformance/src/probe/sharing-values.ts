import { quoteIdent } from "@wardkeep/core"
import { columnOf, quoted } from "../catalog/relation.js"
import { tenantColumns } from "../catalog/whose.js"
import { aims } from "./aim.js"
import { conditionsIn } from "./conditions.js"
import type { Ground } from "./ground.js"
import { isHanded } from "./handed.js"
import { insertStatement, literalOf } from "./insertion.js"
import { ownRow } from "./natural-key.js"
import { tenantTablesIn } from "./only-theirs.js"
import { names } from "./policy-parts.js"
import { records, within } from "./record-documents.js"
import { recordShapes } from "./record-shapes.js"
import { type Naming, placesIn, theirKeys } from "./their-keys.js"

/** Of a trigger that names more columns, the first ones. */
const columnLimit = 5
/** Each is followed by a look at all that the text names. */
const mostWrites = 150

/**
 * A row of the attacker's own in which one column, which the triggers' text names, says what stands in a row of the
 * victim's: the same phone, the same number of a policy; or names one of them by its key. New, and changed to it, with what the
 * text waits for and without.
 *
 * @param acts of the table's triggers and rules
 * @param source with that of what they name
 */
export async function sharingValues(ground: Ground, acts: string, source: string): Promise<string[]> {
  const { relation, rights } = ground
  const values = (await theirValues(ground, source)).slice(0, columnLimit)
  const keys = (await namingTheirs(ground, acts, source)).map(({ column, value }): [string, string] => [column, value])
  const documents = (await theirDocuments(ground, source)).slice(0, columnLimit)
  const states = conditionsIn(relation, acts)
  const single = [...values, ...documents, ...keys].map(([name, value]) => ({ [name]: value }))
  const written = [...single, ...states].flatMap((set) => writesOf(ground, set))
  const isOnDelete = rights.delete && names(acts, "old")
  const deleted = isOnDelete ? keys.flatMap(([name, value]) => writtenAndDeleted(ground, name, value)) : []
  const waited = states.flatMap((state) => single.flatMap((set) => writesOf(ground, { ...state, ...set })))
  return [...written, ...deleted, ...waited].slice(0, mostWrites)
}

function writtenAndDeleted(ground: Ground, name: string, value: string): string[] {
  const { relation, rights } = ground
  const insert = insertStatement({ relation, rights, like: ownRow(ground), set: { [name]: value } })
  if (insert === undefined || !rights.select.includes(name)) return []
  return [`${insert};\ndelete from ${quoted(relation)} as wk_row where wk_row.${quoteIdent(name)} = ${value}`]
}

/** A row of the attacker's own that says so: a new one, and one that is there, as far as its columns may be changed. */
export function writesOf(ground: Ground, set: Readonly<Record<string, string>>, suffix = ""): string[] {
  const { relation, rights, attacker, mine } = ground
  const insert = insertStatement({ relation, rights, like: ownRow(ground), set, suffix })
  const own = mine.count > 0 ? aims(relation, attacker, mine)[0] : undefined
  const list = Object.entries(set)
    .filter(([name]) => rights.update.includes(name))
    .map(([name, value]) => `${quoteIdent(name)} = ${value}`)
  const update =
    own === undefined || list.length === 0
      ? undefined
      : `update ${quoted(relation)} as wk_row set ${list.join(", ")} where ${own}${suffix}`
  return [insert, update].filter((one) => one !== undefined)
}

/** Keys of the victim's rows, of the tables that the text names, for what its triggers take from the row. */
export async function namingTheirs(ground: Ground, acts: string, source: string): Promise<Naming[]> {
  // With the caller's rights alone it reads and writes what the attacker's own statements do.
  if (!/\bSECURITY DEFINER\b|^CREATE (OR REPLACE )?RULE\b/m.test(source)) return []
  return await theirKeys(ground.scene, ground, placesIn(ground.relation, acts), tenantTablesIn(ground.scene, source))
}

/** Per column a value of the victim's, of this table or of another one that the text names, as SQL. */
async function theirValues({ scene, relation, victim, theirs }: Ground, source: string): Promise<[string, string][]> {
  const tenant = tenantColumns(relation)
  const columns = relation.columns.filter(
    ({ name, generated, identity, category }) =>
      !tenant.includes(name) &&
      !isHanded(name) &&
      !generated &&
      identity === "" &&
      /^[SNUD]$/.test(category) &&
      names(source, name),
  )
  const found: [string, string][] = []
  for (const { name } of columns) {
    const from = [{ table: relation, rows: theirs.rows }]
    for (const table of tenantTablesIn(scene, source).filter((one) => one !== relation && columnOf(one, name)))
      from.push({ table, rows: (await scene.facts.owned(table, victim)).rows })
    const place = from.find(({ rows }) => rows.some(({ values }) => (values[name] ?? null) !== null))
    const row = place?.rows.find(({ values }) => (values[name] ?? null) !== null)
    if (place !== undefined && row !== undefined) found.push([name, literalOf(place.table, name, row)])
  }
  return found
}

/** Documents that name what is the victim's, in columns that the text takes apart. */
async function theirDocuments(ground: Ground, source: string): Promise<[string, string][]> {
  const { scene, relation } = ground
  const columns = relation.columns.filter(({ base, generated }) => /^jsonb?$/.test(base) && !generated)
  const shapes = recordShapes(source)
  const found: [string, string][] = []
  for (const { name, base } of columns)
    for (const shape of shapes.filter(({ of }) => names(of, name)))
      for (const made of await records(scene, ground, shape, source))
        found.push([name, `${within(shape, made, undefined)}::${base}`])
  return found
}
