import { quoteIdent } from "@wardkeep/core"
import { type Column, labelOf, quoted, type Relation } from "../../catalog/relation.js"
import type { Actor } from "../../database/actor.js"
import { type Outcome, tellingText } from "../../database/outcome.js"
import type { Transaction } from "../../database/transaction.js"
import type { Routine } from "../../probe/argument.js"
import { type Ground, onEveryTable } from "../../probe/ground.js"
import { hidden } from "../../probe/hidden.js"
import { tenantTablesIn } from "../../probe/only-theirs.js"
import { ownTexts, toldWords } from "../../probe/own-words.js"
import type { Pair } from "../../probe/pair.js"
import { names } from "../../probe/policy-parts.js"
import { callable, isUndoable, signature } from "../../probe/routine.js"
import { keysOfRows, type RowKey } from "../../probe/row-keys.js"
import { shownOf } from "../../probe/search.js"
import { defineProbe, type Scene } from "../../run/check.js"
import { changesTheirs } from "./changed.js"
import { orderInDocument } from "./in-document.js"
import { callOn, orderNaming } from "./ordering.js"

/** Columns of a table that may name a row, rows that each of them names, and functions that are called then. */
const limits = { columns: 6, rows: 2, functions: 8 }

export const probe = defineProbe({
  code: "WKC109",
  title: "What a tenant orders in a row of its own is done with another tenant's row",
  severity: "leak",
  cwe: "CWE-441",
  cvss: "CVSS:3.1/AV:N/AC:L/PR:L/UI:N/S:U/C:H/I:N/A:N",
  run: async (scene, record) => {
    await onEveryTable(scene, record, order)
  },
})

/** With its owner's rights, and more than one's own statements could do: it names the table of orders and another one, be it in what it calls. */
async function workers(scene: Scene, ground: Ground): Promise<Worker[]> {
  const found: Worker[] = []
  for (const one of await callable(ground.attacker)) {
    const isOne = one.definer && isUndoable(one) && one.volatility === "v" && names(one.source, ground.relation.name)
    if (!isOne || one.arguments.filter(({ optional }) => !optional).length > 1) continue
    const tables = tenantTablesIn(scene, (await ownTexts(scene, ground, one.source)).join("\n"))
    if (tables.some(({ oid }) => oid !== ground.relation.oid)) found.push({ one, tables })
  }
  return found.slice(0, limits.functions)
}

/** A function, and the tenants' tables that it reaches. */
interface Worker {
  readonly one: Routine
  readonly tables: readonly Relation[]
}

async function order(ground: Ground): Promise<void> {
  const { scene, record, label, rights } = ground
  if (rights.insert.length === 0) return
  const functions = await workers(scene, ground)
  for (const { one } of functions) if (await orderInDocument(ground, one)) return
  if (functions.length === 0) return
  for (const column of naming(ground)) {
    const [foreign, [home]] = [await named(ground, column, ground.victim), await named(ground, column, ground.attacker)]
    if (foreign.length === 0) continue
    for (const worker of functions) {
      const { one } = worker
      const isOwnDone = home !== undefined && (await attempt(ground, column, home, worker)).isDone
      for (const id of foreign) {
        const { isDone, hit } = await attempt(ground, column, id, worker)
        if (isDone || isOwnDone) {
          record.probe(labelOf(one))
          record.control()
        } else
          record.leftOut(
            signature(one),
            `no order that was made up in ${label} was worked off, not even one of one's own`,
          )
        if (hit !== undefined) return report(ground, column, one, hit)
      }
      if (home !== undefined && isReference(column)) await changesTheirs(ground, column, { home, foreign }, one)
    }
  }
}

/** Keys of an actor's rows in other tables that fit the column. */
async function named({ scene, label }: Ground, column: Column, actor: Actor): Promise<RowKey[]> {
  const keys = await keysOfRows(scene, column, actor)
  return keys.filter(({ place }) => !place.startsWith(`${label}.`)).slice(0, limits.rows)
}

/** What may name a row of another table: neither the tenant, nor what a key draws. */
const naming = ({ relation, rights }: Ground): Column[] =>
  relation.columns
    .filter(({ name, drawn, generated }) => rights.insert.includes(name) && !drawn && !generated)
    .filter(({ name }) => !(relation.tenancy.by === "column" && relation.tenancy.column.name === name))
    .filter(
      ({ base, category, enum: isEnum }) =>
        /^(smallint|integer|bigint|uuid)$/.test(base) || (category === "S" && !isEnum),
    )
    .toSorted((a, b) => Number(isReference(b)) - Number(isReference(a)))
    .slice(0, limits.columns)

const isReference = ({ name, base }: Column): boolean =>
  base === "uuid" || /(^|_)(id|no|nr|number|code|ref|key|uuid)$/i.test(name)

interface Hit {
  readonly place: string
  readonly hash: string
  readonly statements: readonly string[]
}

/** Whether such an order was worked off, and what of the victim's was shown then. */
async function attempt(
  ground: Ground,
  column: Column,
  id: RowKey,
  { one, tables }: Worker,
): Promise<{ readonly isDone: boolean; readonly hit?: Hit }> {
  const { scene, attacker, victim } = ground
  scene.step(labelOf(one))
  const value = `${hidden(id.text, id.place)}::${column.base}`
  const insert = orderNaming(ground, column, value)
  if (insert === undefined) return { isDone: false }
  const looks = await looksAt(ground, tables, `wk_row.${quoteIdent(column.name)} = ${value}`)
  const told = async (outcome: Outcome) =>
    await toldWords(scene, { attacker, victim }, one.source, tellingText(outcome), [id.text])
  return await attacker.act(async (tx) => {
    // What it is shown before it orders anything is another check's.
    const shut: string[] = []
    for (const look of looks) if ((await told(await tx.attempt(look))) === undefined) shut.push(look)
    const ordered = await tx.keep(insert)
    if (ordered.error !== undefined || ordered.count === 0) return { isDone: false }
    const call = await callOn(tx, ground, one, column, value)
    if (call === undefined) return { isDone: false }
    const before = await whatIsShown(tx, looks)
    const done = await tx.keep(call)
    if (done.error !== undefined) return { isDone: false }
    const answered = await told(done)
    if (answered !== undefined) return { isDone: true, hit: { ...answered, statements: [insert, call] } }
    for (const look of shut) {
      const found = await told(await tx.attempt(look))
      if (found !== undefined) return { isDone: true, hit: { ...found, statements: [insert, call, look] } }
    }
    // A function that finds nothing to do is called without an error as well.
    const own: Pair = { attacker: victim, victim: attacker }
    const isAnswered = (await toldWords(scene, own, one.source, tellingText(done), [id.text])) !== undefined
    return { isDone: isAnswered || (await whatIsShown(tx, looks)) !== before }
  })
}

/** The order itself, which may stand behind thousands of others, and what else it is shown of these tables. */
async function looksAt(
  { scene, relation, ...pair }: Ground,
  tables: readonly Relation[],
  ordered: string,
): Promise<string[]> {
  const look = async (table: Relation, where: string): Promise<string> =>
    `select ${await shownOf(scene, pair, table)}::text as row from ${quoted(table)} as wk_row where ${where} limit 2000`
  const looks = [await look(relation, ordered)]
  for (const table of new Set([relation, ...tables])) looks.push(await look(table, "true"))
  return looks
}

async function whatIsShown(tx: Transaction, looks: readonly string[]): Promise<string> {
  const texts: string[] = []
  for (const look of looks) texts.push(tellingText(await tx.attempt(look)))
  return texts.join("\n")
}

function report({ record, relation, attacker, victim }: Ground, column: Column, one: Routine, hit: Hit): void {
  record.found({
    object: labelOf(one),
    message: `${signature(one)} works off a row of tenant ${attacker.name} in ${labelOf(relation)} that names a row of tenant ${victim.name} in ${column.name}, and gives tenant ${attacker.name} what stands there.`,
    evidence: `after the call tenant ${attacker.name} was shown a value of ${hit.place} that only tenant ${victim.name} has, sha-256 ${hit.hash}`,
    replay: attacker.replay(...hit.statements),
    fix: `Let ${signature(one)} look up what ${column.name} names together with the tenant of the row in ${quoted(relation)}, or give that table a foreign key that carries the tenant.`,
  })
}
