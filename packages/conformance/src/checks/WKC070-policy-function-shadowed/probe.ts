import { quoteIdent, quoteLiteral } from "@wardkeep/core"
import { type Column, isTable, labelOf, type Relation } from "../../catalog/relation.js"
import { literalOf } from "../../probe/insertion.js"
import type { Pair } from "../../probe/pair.js"
import { names, namesBare, type PolicyFunction, policyFunctions } from "../../probe/policy-parts.js"
import { closedTables, reached } from "../../probe/reach.js"
import { rowsNaming } from "../../probe/rows-naming.js"
import { seesOwn } from "../../probe/sees-own.js"
import { defineProbe, type Scene } from "../../run/check.js"
import type { CheckRecord } from "../../run/check-record.js"

export const probe = defineProbe({
  code: "WKC070",
  title: "A temporary table takes the place of the one a policy's function reads",
  severity: "leak",
  cwe: "CWE-426",
  cvss: "CVSS:3.1/AV:N/AC:L/PR:L/UI:N/S:U/C:H/I:H/A:N",
  run: async (scene, record) => {
    for (const one of await policyFunctions(scene)) {
      if (/pg_temp\s*"?\s*$/.test(one.path)) continue
      for (const table of scene.catalog.relations) {
        if (!isTable(table) || !namesBare(one.source, table.name)) continue
        scene.step(`${one.schema}.${one.name}`)
        for (const pair of scene.pairs) await shadow(scene, record, pair, one, table)
      }
    }
  },
})

/** pg_temp is searched first unless the function says otherwise, and TEMP is granted to everybody by default. */
async function shadow(
  scene: Scene,
  record: CheckRecord,
  pair: Pair,
  one: PolicyFunction,
  table: Relation,
): Promise<void> {
  const { attacker, victim } = pair
  const protectedTable = scene.catalog.byOid(one.relation)
  if (protectedTable === undefined) return
  const [closed] = await closedTables(scene, pair, [protectedTable])
  if (closed === undefined) return
  if (await seesOwn(scene, attacker, protectedTable)) record.control()
  const statements = await replacement(scene, pair, table, one)
  await attacker.act(async (tx) => {
    record.probe(`${one.schema}.${one.name}`)
    for (const statement of statements) if ((await tx.keep(statement)).error !== undefined) return
    const found = await reached(scene, tx, pair, [closed])
    if (found === undefined) return
    record.found({
      object: `${one.schema}.${one.name}`,
      message: `Tenant ${attacker.name} creates a temporary table ${table.name}; the function then believes it and shows rows of tenant ${victim.name}.`,
      evidence: `${found.count} rows of tenant ${victim.name} in ${labelOf(found.relation)} after the temporary table`,
      replay: attacker.replay(...statements, found.attack),
      fix: `alter function ${quoteIdent(one.schema)}.${quoteIdent(one.name)} set search_path = pg_catalog, pg_temp; with every name in it qualified; revoke temporary on database … from public;`,
    })
  })
}

/** The real table's rows with the attacker's key replaced by the victim's, in the columns that the function names. */
async function replacement(
  { facts }: Scene,
  { attacker, victim }: Pair,
  table: Relation,
  { source }: PolicyFunction,
): Promise<string[]> {
  const [to] = victim.keys
  const isNeeded = ({ name }: Column): boolean => names(source, name) || /\*/.test(source)
  const rows = await rowsNaming(facts, table, attacker.keys)
  const name = quoteIdent(table.name)
  const columns = table.columns.map((column) => `${quoteIdent(column.name)} ${column.type}`).join(", ")
  const known = [...attacker.keys, ...victim.keys]
  const valuesOf = (row: Readonly<Record<string, unknown>>): string[] =>
    table.columns.map((column) =>
      isNeeded(column) ? shownOf(table, column, swap(row[column.name], attacker.keys, to), known) : "null",
    )
  const swapped = rows
    .filter((row) => Object.values(row).some((value) => attacker.keys.includes(String(value))))
    .map((row) => `(${valuesOf(row).join(", ")})`)
  return [
    `create temporary table ${name} (${columns}) on commit drop`,
    `grant select on pg_temp.${name} to public`,
    ...(swapped.length === 0 ? [] : [`insert into pg_temp.${name} values ${swapped.join(", ")}`]),
  ]
}

const swap = (value: unknown, from: readonly string[], to: string | undefined): unknown =>
  to !== undefined && from.includes(String(value)) ? to : value

/** Tenants' keys stand in the target and are printed; what else is there may be a person's. */
const shownOf = (table: Relation, column: Column, value: unknown, keys: readonly string[]): string =>
  keys.includes(String(value))
    ? `${quoteLiteral(String(value))}::${column.base}`
    : literalOf(table, column.name, { place: "", values: { [column.name]: value } })
