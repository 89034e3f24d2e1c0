import { quoteIdent, quoteLiteral } from "@wardkeep/core"
import { type Column, columnOf, type Key, labelOf, quoted, type Relation } from "../../catalog/relation.js"
import { belongsTo } from "../../catalog/whose.js"
import type { Actor } from "../../database/actor.js"
import { passedPolicies, refusedFor } from "../../probe/after-policies.js"
import { aims } from "../../probe/aim.js"
import { sparing, victimSees, writtenHere } from "../../probe/blind.js"
import { numberOf } from "../../probe/facts.js"
import { drawnValue, freshValue } from "../../probe/fresh.js"
import { type Ground, holdsTenants, isTenantView, onEveryTable } from "../../probe/ground.js"
import { freshColumns, literalsOf, referencesOf } from "../../probe/insertion.js"
import { defineProbe, type Scene } from "../../run/check.js"
import type { CheckRecord } from "../../run/check-record.js"
import { attacksFor, nameOf, type Renumbered } from "./ways.js"

export const probe = defineProbe({
  code: "WKC025",
  title: "A tenant moves its own row to another tenant",
  severity: "leak",
  cwe: "CWE-639",
  cvss: "CVSS:3.1/AV:N/AC:L/PR:L/UI:N/S:U/C:N/I:H/A:N",
  run: async (scene, record) => {
    await onEveryTable(scene, record, move, movable)
    for (const actor of scene.actors.filter(({ keys }) => keys.length > 1)) await amongOwn(scene, record, actor)
  },
})

const movable = (relation: Relation): boolean => holdsTenants(relation) || isTenantView(relation)

/**
 * Whoever works in several branches passes every policy in both. The row's history goes with it, and nobody is told:
 * to be known, no leak.
 */
async function amongOwn(scene: Scene, record: CheckRecord, actor: Actor): Promise<void> {
  for (const relation of scene.catalog.relations.filter(movable)) {
    const { tenancy } = relation
    if (tenancy.by !== "column" || tenancy.column.category === "A" || tenancy.column.generated) continue
    const { name, base } = tenancy.column
    const { rows } = await scene.facts.owned(relation, actor)
    const from = actor.keys.find((key) => rows.some(({ values }) => String(values[name]) === key))
    const to = actor.keys.find((key) => key !== from)
    if (from === undefined || to === undefined) continue
    const set = { name: quoteIdent(name), value: `${quoteLiteral(to)}::${base}` }
    const attack = `update ${quoted(relation)} as wk_row set ${set.name} = ${set.value} where ${belongsTo(relation, "wk_row", [from])}`
    const { error, count } = await actor.act(async (tx) => await tx.attempt(attack))
    record.probe(labelOf(relation))
    if (error === undefined || error.code === "42501") record.control()
    if (error !== undefined || count === 0) continue
    record.found({
      object: labelOf(relation),
      message: `A user of several branches, as ${actor.name} is, moves rows from one to another.`,
      evidence: `UPDATE ${count} of the tenant column in the context of tenant ${actor.name}`,
      replay: actor.replay(attack),
      fix: `revoke update (${set.name}) on ${quoted(relation)} from the application, or refuse the change in a trigger.`,
      severity: "hygiene",
    })
  }
}

async function move(ground: Ground): Promise<void> {
  const { mine, rights } = ground
  if (mine.count === 0) return
  for (const { columns, text } of assignments(ground)) {
    if (!columns.every((name) => rights.update.includes(name))) continue
    const again = renumbered(ground, columns, text)
    for (const { way, attack, withFreeKey } of attacksFor(ground, text, again)) {
      const how = await tried(ground, attack)
      if (typeof how === "string") return report(ground, attack, how, nameOf(way))
      // A view does not tell its keys, and asks its CHECK OPTION after them. Of what was done, other numbers would only show
      // that the view asks for them.
      const isView = ground.relation.kind === "v" && !how.isRefused && !how.isDone
      if (how.constraint === undefined && isView && withFreeKey !== undefined) {
        const free = await tried(ground, withFreeKey)
        if (typeof free === "string") return report(ground, withFreeKey, free, nameOf(way))
      }
      if (how.constraint === undefined) continue
      // Once more with keys that nobody has: what is left to refuse it is a policy.
      const free = withFreeKey === undefined ? undefined : await tried(ground, withFreeKey)
      if (typeof free === "string") return report(ground, withFreeKey ?? attack, free, nameOf(way))
      if (free?.isRefused !== true) {
        const passed = `the policies let it pass: only a constraint refused (${how.constraint})`
        return report(ground, attack, passed, nameOf(way))
      }
    }
  }
}

interface NotMoved {
  readonly isRefused: boolean
  /** The constraint behind the policies that refused instead. */
  readonly constraint?: string
}

async function tried(ground: Ground, attack: string): Promise<string | Stayed> {
  const { record, label } = ground
  const how = await arrives(ground, attack)
  const isAnswered = typeof how === "string" || how.isRefused || how.isDone
  record.probe(isAnswered ? label : undefined)
  if (typeof how === "object" && (how.isRefused || how.isHome)) record.control()
  return how
}

/** With new values in the keys that would collide there: one row, and every row without reading a column. */
function renumbered(
  { relation, attacker, mine, rights }: Ground,
  columns: readonly string[],
  text: string,
): Renumbered {
  const [where] = aims(relation, attacker, { ...mine, rows: mine.rows.slice(0, 1) }).slice(1)
  const names =
    relation.kind === "v"
      ? relation.columns
          .filter(({ name, category }) => category === "N" && !columns.includes(name))
          .map(({ name }) => name)
      : [...freshColumns(relation, Object.fromEntries(columns.map((name) => [name, ""])))]
  const fresh = names.filter((name) => rights.update.includes(name)).flatMap((name) => columnOf(relation, name) ?? [])
  const set = (made: (column: Column) => string | undefined): string | undefined => {
    const values = fresh.flatMap((column) => {
      const value = made(column)
      return value === undefined ? [] : [`${quoteIdent(column.name)} = ${value}`]
    })
    return values.length === 0 ? undefined : `update ${quoted(relation)} as wk_row set ${[text, ...values].join(", ")}`
  }
  const [one, each] = [set(freshValue), set(drawnValue)]
  return { one: one && where && `${one} where ${where}`, each: each && `${each}${sparing(relation)}` }
}

interface Assignment {
  readonly columns: readonly string[]
  readonly text: string
}

/** The tenant column, alone and together with the parents it needs there; or the reference that decides. */
function assignments({ relation, victim, theirs }: Ground): Assignment[] {
  const { tenancy } = relation
  const [sample] = theirs.rows
  const asText = (set: Readonly<Record<string, string>>): Assignment => ({
    columns: Object.keys(set),
    text: Object.entries(set)
      .map(([name, value]) => `${quoteIdent(name)} = ${value}`)
      .join(", "),
  })
  if (tenancy.by === "column") {
    const [key] = victim.keys
    if (key === undefined || tenancy.column.generated) return []
    const value = tenancy.column.category === "A" ? `array[${quoteLiteral(key)}]` : quoteLiteral(key)
    const alone = { [tenancy.column.name]: `${value}::${tenancy.column.base}` }
    const parents = sample === undefined ? {} : referencesOf(relation, sample, [tenancy.column.name])
    return [asText(alone), ...(Object.keys(parents).length > 0 ? [asText({ ...parents, ...alone })] : [])]
  }
  if (sample === undefined) return []
  if (tenancy.by === "derived") return [asText(literalsOf(relation, tenancy.columns, sample))]
  return tenancy.by === "parent" ? [asText(literalsOf(relation, tenancy.key.columns, sample))] : []
}

interface Stayed extends NotMoved {
  readonly isDone: boolean
  /** Accepted, and the attacker still has all its rows: a trigger brought them back. */
  readonly isHome: boolean
}

/** What became of the attempt; a sentence where rows left the attacker. A trigger may have brought them back. */
async function arrives(ground: Ground, attack: string): Promise<string | Stayed> {
  const { relation, attacker, victim, mine, scene } = ground
  const own = aims(relation, attacker, mine)[0] ?? "true"
  const count = `select count(*) from ${quoted(relation)} as wk_row where ${own}`
  return await attacker.act(async (tx) => {
    const before = numberOf((await tx.attempt(count)).rows)
    const { error, count: hit } = await tx.direct(attack)
    const stayed = { isRefused: false, isDone: error === undefined && hit > 0, isHome: false }
    const isRefused = await refusedFor(scene, relation, error)
    if (isRefused) return { ...stayed, isRefused: true }
    const tie = tieOf(scene, relation)
    if (error?.code === "23503" && tie !== undefined && isTiedBy(scene, relation, error.constraint, tie, attack))
      return { ...stayed, isRefused: true }
    if (error?.code === "23503" && isOfChildren(scene, relation, error.constraint)) {
      return "the policies let it pass: only a foreign key of rows that refer to it refused"
    }
    if (error !== undefined && (await passedPolicies(scene, relation, error))) {
      return { ...stayed, constraint: `${error.code} ${error.constraint}`.trim() }
    }
    if (!stayed.isDone) return stayed
    const after = await tx.attempt(count)
    const isKnown = relation.tenancy.by === "column" && after.error === undefined
    if (isKnown && numberOf(after.rows) < before) return `${hit} rows were moved`
    const arrived = victim.connection === attacker.connection ? await victimSees(tx, ground, writtenHere) : 0
    return (arrived ?? 0) > 0 ? `${hit} rows were moved` : { ...stayed, isHome: isKnown && before > 0 }
  })
}

/**
 * A foreign key of the tenant with a parent whose number is the parent's alone: with the same parent no other tenant will
 * ever do, so it keeps tenants apart as a policy does. Not where the row may give its parent up: MATCH SIMPLE asks nothing of a
 * row whose parent is null.
 */
function tieOf({ catalog }: Scene, relation: Relation): Key | undefined {
  const { keys, tenancy } = relation
  const tenant = tenancy.by === "column" ? tenancy.column.name : undefined
  return keys.find(({ kind, columns, parent, parentColumns, definition }) => {
    const above = kind === "f" ? catalog.byOid(parent ?? "") : undefined
    if (above === undefined || tenant === undefined || !columns.includes(tenant) || columns.length < 2) return false
    const mayLeave = columns.some((name) => name !== tenant && columnOf(relation, name)?.notNull !== true)
    if ((mayLeave && !/\bMATCH FULL\b/.test(definition)) || /\bNOT ENFORCED\b/.test(definition)) return false
    const own = (parentColumns ?? []).filter((_, at) => columns[at] !== tenant)
    return above.keys.some(
      (key) => /^[pu]$/.test(key.kind) && !key.hasExpression && key.columns.every((name) => own.includes(name)),
    )
  })
}

/** Refused by it, or by rows that refer to it before it was asked, and the parent stays the same. */
function isTiedBy(scene: Scene, relation: Relation, constraint: string, tie: Key, attack: string): boolean {
  const tenant = relation.tenancy.by === "column" ? relation.tenancy.column.name : ""
  const isSame = tie.columns.every((name) => name === tenant || !attack.includes(`${quoteIdent(name)} = `))
  return isSame && (constraint === tie.name || isOfChildren(scene, relation, constraint))
}

const isOfChildren = ({ catalog }: Scene, relation: Relation, constraint: string): boolean =>
  catalog.relations.some(({ keys }) => keys.some(({ name, parent }) => name === constraint && parent === relation.oid))

function report(
  { record, label, attacker, victim, relation }: Ground,
  attack: string,
  how: string,
  statement: string,
): void {
  const { tenancy } = relation
  const what =
    tenancy.by === "column"
      ? "the tenant column"
      : tenancy.by === "derived"
        ? `${tenancy.columns.join(" and ")}, which says whose the row is,`
        : "the reference to the parent"
  record.found({
    object: label,
    message: `Tenant ${attacker.name} moves its own row into the data of tenant ${victim.name}.`,
    evidence: `${what} was changed to tenant ${victim.name} by ${statement} in the context of tenant ${attacker.name}; ${how}`,
    replay: attacker.replay(attack),
    fix: `Give the UPDATE policies of ${label} a WITH CHECK that compares the tenant with the context, or revoke UPDATE on that column.`,
  })
}
