import { quoteIdent, quoteLiteral } from "@wardkeep/core"
import { type Column, columnOf, labelOf, type Relation } from "../../catalog/relation.js"
import { belongsTo } from "../../catalog/whose.js"
import type { Actor } from "../../database/actor.js"
import { numberOf, type SampleRow } from "../../probe/facts.js"
import { type Ground, onEveryTable } from "../../probe/ground.js"
import { nearby } from "../../probe/guessable.js"
import { isPass } from "../../probe/handed.js"
import { policyColumns } from "../../probe/policy-parts.js"
import { closedTables, countRows } from "../../probe/reach.js"
import { settingNames } from "../../probe/setting-names.js"
import { defineProbe, type Scene } from "../../run/check.js"
import type { CheckRecord } from "../../run/check-record.js"

/** The victim's rows of each table that are asked for. */
const rowLimit = 3

export const probe = defineProbe({
  code: "WKC111",
  title: "A pass that opens a row is a number next to one's own",
  severity: "leak",
  cwe: "CWE-340",
  cvss: "CVSS:3.1/AV:N/AC:L/PR:L/UI:N/S:U/C:H/I:N/A:N",
  run: async (scene, record) => {
    const settings = (await settingNames(scene, record)).filter(isPass)
    if (settings.length === 0) return
    await onEveryTable(scene, record, async (ground) => {
      for (const column of await counted(scene, ground.relation)) await guess(ground, column, settings, record)
    })
  },
})

/** Numbers that a sequence draws and that the table's own policies ask. */
async function counted(scene: Scene, relation: Relation): Promise<Column[]> {
  const asked = (await policyColumns(scene)).filter(({ relation: oid }) => oid === relation.oid)
  return asked
    .flatMap(({ name }) => columnOf(relation, name) ?? [])
    .filter(({ base, drawn }) => drawn && /^(smallint|integer|bigint)$/.test(base))
}

async function guess(ground: Ground, column: Column, settings: readonly string[], record: CheckRecord): Promise<void> {
  const { scene, label, relation, attacker, victim, theirs, mine } = ground
  if ((await closedTables(scene, ground, [relation])).length === 0) return
  const own = numbers(mine.rows, column)
  const near = numbers(theirs.rows, column).filter((one) => own.some((other) => Math.abs(other - one) <= nearby))
  if (near.length === 0) return
  for (const name of await unsaid(attacker, settings)) {
    for (const number of near.slice(0, rowLimit)) {
      const set = `select set_config(${quoteLiteral(name)}, ${quoteLiteral(String(number))}, true)`
      const at = `wk_row.${quoteIdent(column.name)} = ${number}`
      const attack = countRows(relation, `${at} and (${belongsTo(relation, "wk_row", victim.keys)})`)
      const [seen, isAnswered] = await attacker.act(async (tx) => {
        await tx.keep(set)
        const { rows, error } = await tx.attempt(attack)
        return [error === undefined ? numberOf(rows) : 0, error === undefined]
      })
      record.probe(label)
      if (isAnswered) record.control()
      if (seen === 0) continue
      return record.found({
        object: label,
        message: `Whoever has a number of tenant ${attacker.name} in ${name} counts on from it and is shown rows of tenant ${victim.name}.`,
        evidence: `with a number within ${nearby} of one of tenant ${attacker.name} in ${name}, ${seen} rows of tenant ${victim.name} were seen in ${labelOf(relation)}`,
        replay: attacker.replay(set, attack),
        fix: `Let ${name} hold something drawn at random, such as a UUID in a column of its own, and compare the tenant as well.`,
      })
    }
  }
}

/** Those that the tenant's context leaves empty: what it says itself, by settings or by its statements, is no pass that a person hands in. */
async function unsaid(attacker: Actor, settings: readonly string[]): Promise<string[]> {
  const asked = settings.map((name, at) => `current_setting(${quoteLiteral(name)}, true) as s${at}`)
  const { rows } = await attacker.act(async (tx) => await tx.attempt(`select ${asked.join(", ")}`))
  return settings.filter((_, at) => (rows[0]?.[`s${at}`] ?? "") === "")
}

const numbers = (rows: readonly SampleRow[], { name }: Column): number[] =>
  rows.flatMap(({ values }) => (Number.isSafeInteger(Number(values[name])) ? [Number(values[name])] : []))
