import { type Key, labelOf, quoted, type Relation, refersBy } from "../../catalog/relation.js"
import { belongsTo, tenantOf } from "../../catalog/whose.js"
import type { Outcome, ServerError } from "../../database/outcome.js"
import { actionsOf } from "../../probe/actions.js"
import { aims, surrogateAim } from "../../probe/aim.js"
import { numberOf, type SampleRow } from "../../probe/facts.js"
import { holdsTenants } from "../../probe/ground.js"
import { insertStatement, literalOf } from "../../probe/insertion.js"
import { ownTexts } from "../../probe/own-words.js"
import type { Pair } from "../../probe/pair.js"
import { policyTables } from "../../probe/policy-parts.js"
import { defineProbe, type Scene } from "../../run/check.js"
import type { CheckRecord } from "../../run/check-record.js"

export const probe = defineProbe({
  code: "WKC051",
  title: "Rows that refer to another tenant's row exist today",
  severity: "leak",
  cwe: "CWE-668",
  cvss: "CVSS:3.1/AV:N/AC:L/PR:L/UI:N/S:U/C:L/I:H/A:N",
  run: async (scene, record) => {
    for (const relation of scene.catalog.relations.filter(holdsTenants)) {
      scene.step(labelOf(relation))
      for (const key of relation.keys.filter(({ kind }) => kind === "f")) await scan(scene, record, relation, key)
    }
  },
})

/** A validated constraint proves nothing under FORCE: it saw the rows that a policy let it see. So the rows are read. */
async function scan(scene: Scene, record: CheckRecord, relation: Relation, key: Key): Promise<void> {
  const parent = scene.catalog.byOid(key.parent ?? "")
  if (parent === undefined || parent.oid === relation.oid || !holdsTenants(parent)) return
  if (relation.tenancy.by === "parent" && relation.tenancy.key.name === key.name) return
  if (parent.tenancy.by === "child") return
  if (carriesTenantOf(parent, key)) return
  const [child, above] = [tenantOf(relation, "wk_row"), tenantOf(parent, "p")]
  const from = `${quoted(relation)} as wk_row join ${quoted(parent)} as p on ${refersBy(key, "wk_row", "p")}`
  const query = `select count(*) from (select from ${from} where ${child} <> ${above} limit 1000) as q`
  const { rows, error } = await scene.facts.ask(query)
  if (error !== undefined) {
    record.inconclusive(
      `the rows of ${labelOf(relation)} could not be compared with ${labelOf(parent)}: ${error.code}; give --database-url a login that no policy stops`,
    )
    return
  }
  record.probe(labelOf(relation))
  record.control()
  const n = numberOf(rows)
  if (n === 0) return
  record.found({
    object: labelOf(relation),
    message: `${n} rows refer to a row of another tenant in ${labelOf(parent)}.`,
    evidence: `${n} rows whose tenant differs from their parent's through ${key.name}`,
    replay: `-- as a login that no policy stops\n${query};`,
    fix: "Find out which side is right, correct these rows, then make the foreign key carry the tenant.",
    ...((await isMeant(scene, relation, key, parent)) ? { severity: "hygiene" } : {}),
  })
}

async function isMeant(scene: Scene, relation: Relation, key: Key, parent: Relation): Promise<boolean> {
  if (await grantsByRow(scene, relation, key)) return true
  return namesAnother(parent, key) && !(await isRefused(scene, relation, key, parent))
}

/**
 * A table that a policy asks and that has one row for each tenant and parent says who may be where, or what is shared with whom: a
 * nurse of one house who also works in another. That is what it is for.
 */
async function grantsByRow(scene: Scene, { oid, tenancy, keys }: Relation, { columns }: Key): Promise<boolean> {
  if (tenancy.by !== "column" || columns.includes(tenancy.column.name)) return false
  const link = [...columns, tenancy.column.name].sort().join()
  const isLink = keys.some(({ kind, columns: one }) => /^[pu]$/.test(kind) && [...one].sort().join() === link)
  return isLink && (await policyTables(scene)).some(({ used }) => used.oid === oid)
}

/**
 * Whether the table itself refuses such a row today, whoever writes it, and not the tenant's own, by a CHECK or by a trigger
 * that raises: then none is meant to cross, and those that do were there before it.
 */
async function isRefused(scene: Scene, relation: Relation, key: Key, parent: Relation): Promise<boolean> {
  for (const { attacker, victim } of scene.pairs) {
    const rights = await scene.rights.of(attacker, relation)
    const [target] = (await scene.facts.owned(parent, victim)).rows
    const [home] = (await scene.facts.owned(parent, attacker)).rows
    const mine = await scene.facts.owned(relation, attacker)
    if (target === undefined || home === undefined || mine.count === 0) continue
    const like = aims(relation, attacker, mine)[0]
    const pointedAt = (row: SampleRow): string | undefined =>
      insertStatement({
        relation,
        rights,
        like,
        set: Object.fromEntries(
          key.columns.map((name, at) => [name, literalOf(parent, key.parentColumns?.[at] ?? "", row)]),
        ),
      })
    const [across, within] = [pointedAt(target), pointedAt(home)]
    if (across === undefined || within === undefined) continue
    const [refused, accepted] = await attacker.act(async (tx) => [await tx.attempt(across), await tx.attempt(within)])
    const error = refused?.error
    if (error === undefined || accepted?.error !== undefined || accepted?.count === 0) continue
    // No policy, which asks only those whom it does not exempt.
    if (isRaised(error) && (await areRaisedAgain(scene, relation, key, parent, { attacker, victim }))) return true
    if (error.code === "23514" && (await isUnchecked(scene, relation, error.constraint))) return true
  }
  return false
}

/**
 * Whether the rows that cross today would be refused as well, were they written now: a trigger may let those pass that say so of
 * themselves, or for which a permit stands elsewhere. False where none of them can be written again, or the trigger asks other tables.
 */
async function areRaisedAgain(
  scene: Scene,
  relation: Relation,
  key: Key,
  parent: Relation,
  pair: Pair,
): Promise<boolean> {
  const { attacker } = pair
  if (await asksFurther(scene, relation, parent, pair)) return false
  const rights = await scene.rights.of(attacker, relation)
  const crossing = await scene.facts.sample(
    relation,
    `${belongsTo(relation, "wk_row", attacker.keys)} and exists (select from ${quoted(parent)} as p where ${refersBy(key, "wk_row", "p")} and ${tenantOf(relation, "wk_row")} <> ${tenantOf(parent, "p")})`,
    repeats,
  )
  const again = crossing.flatMap((row) => {
    const [like = aims(relation, attacker, { rows: [row], count: 1, seenBy: "reader" }).at(-1)] = surrogateAim(
      relation,
      [row],
    )
    return like === undefined ? [] : (insertStatement({ relation, rights, like, set: {} }) ?? [])
  })
  const outcomes = await attacker.act(async (tx) => {
    const all: Outcome[] = []
    for (const one of again) all.push(await tx.attempt(one))
    return all
  })
  return outcomes.length > 0 && outcomes.every(({ error }) => error !== undefined && isRaised(error))
}

/** Whether a trigger of the table, or what it calls, reads any table but these two. */
async function asksFurther(scene: Scene, relation: Relation, parent: Relation, pair: Pair): Promise<boolean> {
  const sources = (await actionsOf(scene)).flatMap((one) => (one.relation === relation.oid ? [one.source] : []))
  const texts = await ownTexts(scene, pair, sources.join("\n"))
  const read = texts.flatMap((text) => [
    ...text.matchAll(/\b(?:from|join)\s+(?:only\s+)?(?:"?[\w$]+"?\s*\.\s*)?"?([\w$]+)/gi),
  ])
  const known = [relation.name.toLowerCase(), parent.name.toLowerCase()]
  const others = scene.catalog.relations.map(({ name }) => name.toLowerCase()).filter((name) => !known.includes(name))
  return read.some(([, name = ""]) => others.includes(name.toLowerCase()))
}

/** Rows that cross today of which each is written once more. */
const repeats = 5

/** By RAISE in a trigger of the table: rows of before it never met it. */
const isRaised = ({ routine, code, where }: ServerError): boolean =>
  routine === "exec_stmt_raise" && code !== "42501" && /^PL\/pgSQL function /m.test(where)

/** Rows that were there before were never held against it: where they were, those that cross are such as it lets pass. */
async function isUnchecked({ facts }: Scene, { oid }: Relation, constraint: string): Promise<boolean> {
  const { rows } = await facts.ask(
    "select conname from pg_catalog.pg_constraint where conrelid = $1::oid and conname = $2 and contype = 'c' and not convalidated",
    [oid, constraint],
  )
  return rows.length > 0
}

/** A column of the key says which tenant the parent is of, and it is not the row's own tenant: the reference is meant to cross. */
const namesAnother = ({ tenancy }: Relation, key: Key): boolean =>
  tenancy.by === "column" && (key.parentColumns ?? []).includes(tenancy.column.name)

/** The key holds the parent's tenant in a column of that name. Where the child's own is another one, it is of a finer level. */
function carriesTenantOf({ tenancy }: Relation, key: Key): boolean {
  if (tenancy.by !== "column") return false
  const place = key.parentColumns?.indexOf(tenancy.column.name) ?? -1
  return place >= 0 && key.columns[place] === tenancy.column.name
}
