import { quoteIdent, quoteLiteral } from "@wardkeep/core"
import { columnOf, isTable, labelOf, quoted, type Relation } from "../../catalog/relation.js"
import { insertStatement } from "../../probe/insertion.js"
import type { Pair } from "../../probe/pair.js"
import { policyTables } from "../../probe/policy-parts.js"
import { closedTables, type Reached, reached } from "../../probe/reach.js"
import { rowsNaming } from "../../probe/rows-naming.js"
import { seesAnything } from "../../probe/sees-own.js"
import { defineProbe, type Scene } from "../../run/check.js"
import type { CheckRecord } from "../../run/check-record.js"
import { borrowed } from "./borrowed.js"
import { namingTheirRows } from "./naming.js"
import { ownRows, renamed } from "./own-row.js"
import { widening } from "./widen.js"

export const probe = defineProbe({
  code: "WKC071",
  title: "A tenant writes the table that decides whose rows it sees",
  severity: "leak",
  cwe: "CWE-269",
  cvss: "CVSS:3.1/AV:N/AC:L/PR:L/UI:N/S:U/C:H/I:H/A:N",
  run: async (scene, record) => {
    const read = await policyTables(scene)
    for (const { relation, used } of read) {
      if (!isTable(used)) continue
      scene.step(labelOf(used))
      const beside = read.filter((one) => one.relation === relation && one.used !== used).map((one) => one.used)
      for (const pair of scene.pairs) await poison(scene, record, pair, { relation, used, beside })
    }
  },
})

/** A table with a policy, a table that the policy reads, and the other ones that it reads. */
interface Deciding {
  readonly relation: Relation
  readonly used: Relation
  readonly beside: readonly Relation[]
}

/** The attacker makes itself a member of the victim, then reads. */
async function poison(
  scene: Scene,
  record: CheckRecord,
  pair: Pair,
  { relation, used, beside }: Deciding,
): Promise<void> {
  const { attacker } = pair
  const rights = await scene.rights.of(attacker, used)
  const [closed] = await closedTables(scene, pair, [relation])
  if (closed === undefined) return
  if (await seesAnything(scene, attacker)) record.control()
  if (rights.insert.length + rights.update.length === 0) return
  const attacks = [
    ...(await writes(scene, pair, used)),
    ...(await widening(scene, pair, used)),
    ...(await renamed(scene, pair, used)),
    ...(await borrowed(scene, pair, used, beside)),
  ]
  for (const attack of attacks) {
    if (record.findings.some(({ object }) => object === labelOf(used))) return
    const found = await seenAfter(scene, record, pair, { used, closed, attack })
    if (found !== undefined) {
      report(record, pair, found, { object: used, attack, what: "which decides whose rows are seen" })
      return
    }
  }
  const own = [...(await ownRows(scene, pair, used)), ...(await namingTheirRows(scene, pair, used, closed))]
  for (const attack of own) {
    const found = await seenAfter(scene, record, pair, { used, closed, attack })
    if (found === undefined) continue
    const what = `which a policy of ${labelOf(found.relation)} asks without asking whose it is`
    return report(record, pair, found, { object: found.relation, attack, what: `a row of its own, ${what}` })
  }
}

async function seenAfter(
  scene: Scene,
  record: CheckRecord,
  pair: Pair,
  { used, closed, attack }: { readonly used: Relation; readonly closed: Relation; readonly attack: string },
): Promise<(Reached & { readonly used: Relation }) | undefined> {
  return await pair.attacker.act(async (tx) => {
    const { error, count } = await tx.keep(attack)
    record.probe(labelOf(used))
    if (error !== undefined || count === 0) return undefined
    const found = await reached(scene, tx, pair, [closed])
    return found && { ...found, used }
  })
}

function report(
  record: CheckRecord,
  { attacker, victim }: Pair,
  found: Reached & { readonly used: Relation },
  { object, attack, what }: { readonly object: Relation; readonly attack: string; readonly what: string },
): void {
  const { used } = found
  record.found({
    object: labelOf(object),
    message: `Tenant ${attacker.name} writes into ${labelOf(used)}, ${what}, and then sees rows of tenant ${victim.name}.`,
    evidence: `${found.count} rows of tenant ${victim.name} in ${labelOf(found.relation)} after one write`,
    replay: attacker.replay(attack, found.attack),
    fix:
      object === used
        ? `revoke insert, update on ${quoted(used)} from the application; write it through a function that checks who may grant.`
        : `Let every policy of ${quoted(object)} that reads ${quoted(used)} compare the tenant of the row with the context as well.`,
  })
}

/** Statements that put the victim's key where the attacker's stands. */
async function writes(scene: Scene, { attacker, victim }: Pair, used: Relation): Promise<string[]> {
  const [to] = victim.keys
  const rights = await scene.rights.of(attacker, used)
  const rows = await rowsNaming(scene.facts, used, attacker.keys)
  const names = used.columns
    .map(({ name }) => name)
    .filter((name) => rows.some((row) => attacker.keys.includes(String(row[name]))))
  return names.flatMap((name) => {
    const column = columnOf(used, name)
    if (column === undefined || to === undefined) return []
    const value = `${quoteLiteral(to)}::${column.base}`
    const from = attacker.keys.map((key) => `${quoteLiteral(key)}::${column.base}`).join(", ")
    const where = `wk_row.${quoteIdent(name)} in (${from})`
    const insert = insertStatement({ relation: used, rights, like: where, set: { [name]: value }, every: true })
    const update = rights.update.includes(name)
      ? [`update ${quoted(used)} as wk_row set ${quoteIdent(name)} = ${value} where ${where}`]
      : []
    return [...(insert === undefined ? [] : [`${insert} on conflict do nothing`]), ...update]
  })
}
