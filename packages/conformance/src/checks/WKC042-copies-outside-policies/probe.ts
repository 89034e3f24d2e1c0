import { quoteIdent } from "@wardkeep/core"
import { columnOf, isTable, labelOf, quoted, type Relation } from "../../catalog/relation.js"
import { tenantColumns } from "../../catalog/whose.js"
import type { Actor } from "../../database/actor.js"
import { eachInTurn } from "../../database/each-in-turn.js"
import type { Transaction } from "../../database/transaction.js"
import { actionsOf } from "../../probe/actions.js"
import { tenantWord } from "../../probe/argument.js"
import { numberOf } from "../../probe/facts.js"
import { textsNaming, toldWords } from "../../probe/own-words.js"
import type { Pair } from "../../probe/pair.js"
import { plant, unplant } from "../../probe/plant.js"
import { search } from "../../probe/search.js"
import { seesAnything } from "../../probe/sees-own.js"
import { isShut } from "../../probe/shut.js"
import { sayUnplanted } from "../../probe/unplanted.js"
import type { Hit } from "../../probe/words.js"
import { defineProbe, type Scene } from "../../run/check.js"
import type { CheckRecord } from "../../run/check-record.js"
import { writtenByTenants } from "./shared.js"

export const probe = defineProbe({
  code: "WKC042",
  title: "Copies of tenants' rows lie in a table without a tenant",
  severity: "leak",
  cwe: "CWE-668",
  cvss: "CVSS:3.1/AV:N/AC:L/PR:L/UI:N/S:U/C:H/I:N/A:N",
  run: async (scene, record) => {
    const tables = scene.catalog.relations.filter(isTable)
    const others = tables.filter(({ tenancy }) => tenancy.by === "nothing")
    const ownerless = tables.filter(mayBelongToNobody)
    for (const pair of scene.pairs) {
      await writtenByTenants(scene, record, pair)
      if (others.length > 0) await today(scene, record, pair, others)
      if (others.length + ownerless.length > 0) await written(scene, record, pair, [...others, ...ownerless])
    }
  },
})

/** A row without a tenant there is nobody's, and a policy may show it to everybody. */
const mayBelongToNobody = (relation: Relation): boolean => emptyOfNobody(relation).length > 0

const emptyOfNobody = (relation: Relation): readonly string[] =>
  tenantColumns(relation).filter((name) => columnOf(relation, name)?.notNull === false)

/** An audit table, an outbox or a queue that holds the victim's words already. */
async function today(
  scene: Scene,
  record: CheckRecord,
  { attacker, victim }: Pair,
  tables: readonly Relation[],
): Promise<void> {
  for (const table of tables) {
    scene.step(labelOf(table))
    const source = await textsNaming(scene, { attacker, victim }, table.name)
    const told: Told = async (text) => await toldWords(scene, { attacker, victim }, source, text)
    const inRows = async (rows: readonly string[]) => await copied(scene, victim, rows, told)
    const { error, found } = await search(scene, { attacker, victim }, table, { inRows, copiesOnly: true, source })
    record.probe(labelOf(table))
    // Without the privilege nothing can be shown, to a session that is shown its own rows elsewhere.
    const isShut = error?.code === "42501" && (await seesAnything(scene, attacker))
    if (error === undefined || isShut) record.control()
    if (found === undefined) continue
    const { hit, attack } = found
    const evidence = `values of ${hit.place} that only tenant ${victim.name} has, sha-256 ${hit.hash}`
    report(record, table, { attacker, victim }, evidence, attacker.replay(attack))
  }
}

/** A value of the victim's in a text that nothing that writes the table says by itself. */
type Told = (text: string) => Promise<Hit | undefined>

/** A word may be in a list of words by chance; copies of rows hold several. */
async function copied(scene: Scene, victim: Actor, rows: readonly string[], told: Told): Promise<Hit | undefined> {
  if ((await told(rows.join("\n"))) === undefined) return undefined
  const all = await eachInTurn(rows.slice(0, 500), told)
  const hits = all.filter((one) => one !== undefined)
  const [hit] = hits
  if (hit === undefined) return undefined
  return hits.length > 1 || hit.isCopy || (await saysWhose(scene, victim, rows, told)) ? hit : undefined
}

/** A row with one of the victim's words whose document says under a tenant's name that it is the victim's. */
async function saysWhose(scene: Scene, victim: Actor, rows: readonly string[], told: Told): Promise<boolean> {
  const columns = scene.catalog.relations.flatMap(({ tenancy }) =>
    tenancy.by === "column" ? [tenancy.column.name] : [],
  )
  const keys = victim.keys.map((key) => key.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")).join("|")
  const member = new RegExp(`"+([\\w-]+)"+\\s*:\\s*"*(?:${keys})"*\\s*[,}]`, "g")
  for (const row of rows.slice(0, 500)) {
    const names = [...row.matchAll(member)].map(([, name = ""]) => name)
    const isNamed = names.some((name) => columns.includes(name) || tenantWord.test(name))
    if (isNamed && (await told(row)) !== undefined) return true
  }
  return false
}

/** Triggers copy what the victim writes; the attacker finds the canary in the same transaction. */
async function written(scene: Scene, record: CheckRecord, pair: Pair, tables: readonly Relation[]): Promise<void> {
  const { attacker, victim } = pair
  const apart = attacker.whyApart(victim)
  if (apart !== undefined) {
    const without = tables.filter((table) => !mayBelongToNobody(table))
    return await sayApart(scene, record, attacker, without, apart)
  }
  await victim.act(async (tx) => {
    const planted = await plant(tx, scene, { attacker, victim })
    const acting = new Set((await actionsOf(scene)).map(({ relation }) => relation))
    const without = planted.without.filter(({ oid }) => acting.has(oid))
    await sayUnplanted(scene, record, { victim }, without)
    if (planted.tables.size === 0 || !(await attacker.takeOver(tx, victim))) return
    // What the victim itself wrote as nobody's it meant for everybody.
    const meant = await eachInTurn(
      tables,
      async (table) => planted.tables.has(table.oid) && (await scene.facts.owned(table, victim)).count === 0,
    )
    const looked = tables.filter((table, at) => !(mayBelongToNobody(table) && meant[at]))
    const silent = await lookedThrough(tx, scene, record, pair, looked, planted.prefix, planted.statements)
    // What a trigger keeps of a deleted row may be under another policy's rule than what it keeps of a written one.
    if (silent.length === 0 || !(await victim.takeOver(tx, attacker))) return
    const deleted = await unplant(tx, scene, victim, planted)
    if (deleted.length === 0 || !(await attacker.takeOver(tx, victim))) return
    await lookedThrough(tx, scene, record, pair, silent, planted.prefix, [...planted.statements, ...deleted])
  })
}

/** Reports the tables in which the attacker finds the canary; resolves with the others. */
async function lookedThrough(
  tx: Transaction,
  scene: Scene,
  record: CheckRecord,
  { attacker, victim }: Pair,
  tables: readonly Relation[],
  prefix: string,
  statements: readonly string[],
): Promise<Relation[]> {
  const silent: Relation[] = []
  for (const table of tables) {
    const empty = tenantColumns(table).map((name) => `wk_row.${quoteIdent(name)} is null`)
    const nobodys = empty.length === 0 ? "" : ` and (${empty.join(" or ")})`
    const attack = `select count(*) from ${quoted(table)} as wk_row where strpos(wk_row::text, '${prefix}') > 0${nobodys}`
    const { rows, error } = await tx.attempt(attack)
    record.probe(labelOf(table))
    if (error?.code === "42501" && (await isShut(scene, attacker, table))) record.control()
    if (error !== undefined) continue
    record.control()
    const n = numberOf(rows)
    if (n === 0) {
      silent.push(table)
      continue
    }
    const replay = victim.replay(...statements, ...attacker.takingOver(victim), attack)
    const evidence = `${n} rows hold a canary that tenant ${victim.name} wrote elsewhere`
    report(record, table, { attacker, victim }, evidence, replay)
  }
  return silent
}

/** Where no transaction is both tenants', only what lies there today was searched. */
async function sayApart(
  scene: Scene,
  record: CheckRecord,
  attacker: Actor,
  tables: readonly Relation[],
  apart: string,
): Promise<void> {
  const why = `what triggers copy of another tenant's rows was not tried, because ${apart}`
  for (const table of tables) {
    const { select } = await scene.rights.of(attacker, table)
    if (select.length === 0) continue
    const { rows } = await scene.facts.ask(`select from ${quoted(table)} limit 1`)
    if (rows.length === 0)
      record.notTried(labelOf(table), `it is empty, and ${why}; declare it global if it is everybody's`)
    else record.leftOut(labelOf(table), why)
  }
}

function report(
  record: CheckRecord,
  table: Relation,
  { attacker, victim }: Pair,
  evidence: string,
  replay: string,
): void {
  record.found({
    object: labelOf(table),
    message: `Tenant ${attacker.name} reads in this table what tenant ${victim.name} wrote elsewhere: ${tenantColumns(table).length > 0 ? "its rows there have no tenant" : "it has no tenant column and no policy"}.`,
    evidence,
    replay,
    fix: `Add the tenant column to ${quoted(table)}, fill it in the trigger, and put the same policies on it; or revoke select on it from the application.`,
  })
}
