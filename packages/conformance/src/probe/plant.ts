import { randomBytes } from "node:crypto"
import { quoteIdent, quoteLiteral } from "@wardkeep/core"
import { type Column, quoted, type Relation } from "../catalog/relation.js"
import { belongsTo, tenantColumns } from "../catalog/whose.js"
import type { Actor } from "../database/actor.js"
import type { Transaction } from "../database/transaction.js"
import type { Scene } from "../run/check.js"
import { agreedBy } from "./agreed.js"
import { aims } from "./aim.js"
import { holdsTenants } from "./ground.js"
import { insertStatement } from "./insertion.js"
import type { Pair } from "./pair.js"
import type { Rights } from "./rights.js"

/** What a tenant wrote with canaries in it. They all begin alike, so that one search finds any of them. */
export interface Planted {
  /** Unguessable; in nobody's data but the victim's. */
  readonly prefix: string
  /** Statements that succeeded, for a replay. */
  readonly statements: readonly string[]
  readonly tables: ReadonlySet<string>
  /** Tenants' tables in which it could write nothing. */
  readonly without: readonly Relation[]
}

export const canaryPrefix = (): string => `wk${randomBytes(5).toString("hex")}`

/** As the victim: new rows and changed ones, with canaries in every column that takes text. Undone with the transaction. */
export async function plant(
  tx: Transaction,
  scene: Scene,
  pair: Pair,
  prefix: string = canaryPrefix(),
): Promise<Planted> {
  const { victim } = pair
  const statements: string[] = []
  const tables = new Set<string>()
  const all = scene.catalog.relations.filter(holdsTenants)
  for (const relation of all) {
    const rights = await scene.rights.of(victim, relation)
    const own = await scene.facts.owned(relation, victim)
    const where = own.count > 0 ? await unopened(scene, pair, relation, aims(relation, victim, own)[0]) : undefined
    const done = await plantInto(tx, relation, rights, where, prefix)
    if (done.length > 0) tables.add(relation.oid)
    statements.push(...done)
  }
  return { prefix, statements, tables, without: all.filter(({ oid }) => !tables.has(oid)) }
}

/** One that the attacker is not shown as agreed: of a copy of one that is it would be told as well. None where all are. */
async function unopened(
  scene: Scene,
  pair: Pair,
  relation: Relation,
  where: string | undefined,
): Promise<string | undefined> {
  const agreed = await agreedBy(scene, pair, relation)
  if (where === undefined || agreed === undefined) return where
  const { rows } = await scene.facts.ask(
    `select wk_row.ctid::text as place from ${quoted(relation)} as wk_row where ${belongsTo(relation, "wk_row", pair.victim.keys)} and wk_row.ctid <> all ($1::tid[]) limit 1`,
    [[...agreed.rows]],
  )
  return rows[0] === undefined ? "false" : `${where} and wk_row.ctid = ${quoteLiteral(String(rows[0].place))}::tid`
}

/** A new row and a changed one in one table; resolves with what succeeded. */
export async function plantInto(
  tx: Transaction,
  relation: Relation,
  rights: Rights,
  where: string | undefined,
  prefix: string,
): Promise<string[]> {
  return [
    ...(await plantNew(tx, relation, rights, where, prefix)),
    ...(await plantChanged(tx, relation, rights, where, prefix)),
  ]
}

/** As the same tenant: deletes what holds the canaries, children before their parents. Resolves with what succeeded. */
export async function unplant(tx: Transaction, scene: Scene, victim: Actor, planted: Planted): Promise<string[]> {
  const done: string[] = []
  let left = scene.catalog.relations.filter(({ oid }) => planted.tables.has(oid))
  for (let round = 0; round < 3 && left.length > 0; round++) {
    const refused: Relation[] = []
    for (const relation of left) {
      const { select } = await scene.rights.of(victim, relation)
      if (select.length < relation.columns.length) continue
      const attack = `delete from ${quoted(relation)} as wk_row where strpos(wk_row::text, '${planted.prefix}') > 0`
      const { error, count } = await tx.keep(attack)
      if (error?.code === "23503") refused.push(relation)
      if (error === undefined && count > 0) done.push(attack)
    }
    left = refused
  }
  return done
}

async function plantNew(
  tx: Transaction,
  relation: Relation,
  rights: Rights,
  like: string | undefined,
  prefix: string,
): Promise<string[]> {
  const marked = (columns: readonly Column[]) =>
    Object.fromEntries(
      columns
        .filter(({ name }) => rights.insert.includes(name))
        .map((column, place) => [column.name, canaryFor(column, prefix, place)]),
    )
  const all = marked(ownTextColumns(relation))
  for (const set of [{ ...all, ...copiedTimes(relation, rights, like) }, all, marked(textColumns(relation)), {}]) {
    const insert = insertStatement({ relation, rights, like, set })
    if (insert === undefined) continue
    const { error, count } = await tx.keep(insert)
    if (error === undefined && count > 0) return [insert]
  }
  return []
}

/** All columns at once; where a check refuses one, each by itself. */
async function plantChanged(
  tx: Transaction,
  relation: Relation,
  rights: Rights,
  where: string | undefined,
  prefix: string,
): Promise<string[]> {
  if (where === undefined) return []
  const sets = textColumns(relation)
    .filter(({ name }) => rights.update.includes(name))
    .map((column, place) => `${quoteIdent(column.name)} = ${canaryFor(column, prefix, place)}`)
  const update = (set: string): string => `update ${quoted(relation)} as wk_row set ${set} where ${where}`
  const all = sets.length > 1 ? [sets.join(", "), ...sets] : sets
  const done: string[] = []
  for (const set of all) {
    const { error, count } = await tx.keep(update(set))
    if (error !== undefined || count === 0) continue
    done.push(update(set))
    if (set === all[0]) break
  }
  return done
}

/** Free text: no key, no reference, not the tenant. */
function textColumns(relation: Relation): Column[] {
  const keyed = new Set(relation.keys.flatMap(({ columns }) => columns))
  const tenant = tenantColumns(relation)
  return relation.columns.filter(
    ({ name, category, enum: isEnum, generated, identity }) =>
      category === "S" && !isEnum && !generated && identity === "" && !keyed.has(name) && !tenant.includes(name),
  )
}

/** Moments that would be now: what is counted up to a day must grow with a row of that day. */
function copiedTimes({ columns }: Relation, rights: Rights, like: string | undefined): Record<string, string> {
  const usable = columns.filter(
    ({ name, category, drawn, generated }) =>
      category === "D" && drawn && !generated && rights.insert.includes(name) && rights.select.includes(name),
  )
  return like === undefined ? {} : Object.fromEntries(usable.map(({ name }) => [name, `wk_row.${quoteIdent(name)}`]))
}

/** The same with those of natural keys, which a new row may have of its own. */
function ownTextColumns(relation: Relation): Column[] {
  const foreign = new Set(relation.keys.filter(({ kind }) => kind === "f").flatMap(({ columns }) => columns))
  const tenant = tenantColumns(relation)
  return relation.columns.filter(
    ({ name, category, enum: isEnum, generated, identity }) =>
      category === "S" && !isEnum && !generated && identity === "" && !foreign.has(name) && !tenant.includes(name),
  )
}

function canaryFor({ type }: Column, prefix: string, place: number): string {
  const limit = /\((\d+)\)$/.exec(type)?.[1]
  const text = `${prefix}${place}`
  return quoteLiteral(limit === undefined ? text : text.slice(0, Number(limit)))
}
