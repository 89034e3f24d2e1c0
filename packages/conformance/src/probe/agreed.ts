import { quoteIdent, quoteLiteral } from "@wardkeep/core"
import { type Key, labelOf, quoted, type Relation } from "../catalog/relation.js"
import { tenantColumns } from "../catalog/whose.js"
import type { Actor } from "../database/actor.js"
import type { Scene } from "../run/check.js"
import { aims } from "./aim.js"
import { checkedWords } from "./checked-words.js"
import { numberOf } from "./facts.js"
import { holdsTenants } from "./ground.js"
import type { Pair } from "./pair.js"
import { names, policyFunctions, policyTables } from "./policy-parts.js"
import { opening } from "./share.js"

/** Rows that are compared; where more are shown, no agreement accounts for all of them. */
const rowLimit = 1_000
/** Tables between a row and the one that names the attacker. */
const mostSteps = 3

export interface Agreed {
  /** By whose rows. */
  readonly share: Relation
  /** Places of the victim's rows that the attacker is shown. */
  readonly rows: ReadonlySet<string>
  /** Because they belong to rows that are agreed themselves. */
  readonly isBelow: boolean
}

const known = new WeakMap<Scene["catalog"], Map<string, Promise<Agreed | undefined>>>()

/**
 * The victim's rows that the attacker is shown, where the victim itself opened every one of them: by a share in force that names the attacker
 * as its guest, or by what such a row refers to or is referred to by. That is agreed, as far as the policies ask for all that says whether it still
 * stands. Undefined where one row is not accounted for.
 */
export async function agreedBy(scene: Scene, pair: Pair, relation: Relation): Promise<Agreed | undefined> {
  return await agreedWithin(scene, pair, relation, [])
}

/** Whether the text stands in a row of the victim's that the attacker is shown as agreed. */
export async function isToldAsAgreed(scene: Scene, pair: Pair, text: string): Promise<boolean> {
  const same = `strpos(wk_row::text, ${quoteLiteral(text)}) > 0`
  for (const relation of scene.catalog.relations.filter(holdsTenants)) {
    const agreed = await agreedBy(scene, pair, relation)
    if (agreed === undefined) continue
    const look = `select from ${quoted(relation)} as wk_row where wk_row.ctid = any ($1::tid[]) and ${same} limit 1`
    const { rows } = await scene.facts.ask(look, [[...agreed.rows]])
    if (rows.length > 0) return true
  }
  return false
}

async function agreedWithin(
  scene: Scene,
  pair: Pair,
  relation: Relation,
  below: readonly Relation[],
): Promise<Agreed | undefined> {
  if (below.includes(relation) || below.length > mostSteps) return undefined
  const judged = known.get(scene.catalog) ?? new Map<string, Promise<Agreed | undefined>>()
  known.set(scene.catalog, judged)
  const id = `${pair.attacker.name} ${pair.victim.name} ${relation.oid}`
  // What was found on the way to another table is not all: the way back was shut.
  const found = judged.get(id) ?? judge(scene, pair, relation, [...below, relation])
  if (below.length === 0) judged.set(id, found)
  return await found
}

async function judge(
  scene: Scene,
  pair: Pair,
  relation: Relation,
  below: readonly Relation[],
): Promise<Agreed | undefined> {
  // Where a policy asks nothing, or none is in force, a row that names the attacker is shown with all others.
  if (relation.kind !== "r" || !relation.rls) return undefined
  const shown = await shownRows(scene, pair, relation)
  if (shown === undefined || (await isToldEverything(pair.attacker, relation))) return undefined
  const asked = await policiesOf(scene, relation)
  const listed = await checkedWords(scene)
  const agreed = (share: Relation, isBelow: boolean): Agreed => ({ share, rows: new Set(shown), isBelow })
  for (const share of scene.catalog.relations.filter(({ kind }) => kind === "r")) {
    const opens = opening(scene, pair, relation, share, { asked, listed })
    if (opens !== undefined && (await isTrueOfAll(scene, relation, shown, opens))) return agreed(share, false)
  }
  for (const { other, join, isAbove } of neighbours(scene, relation, asked)) {
    const its = await agreedWithin(scene, pair, other, below)
    // A row that names the attacker opens itself, and what is below it; only what was put along with it goes further.
    if (its === undefined || !(isAbove || its.isBelow)) continue
    const places = [...its.rows].map((place) => quoteLiteral(place)).join(", ")
    const follows = `exists (select from ${quoted(other)} as wk_next where wk_next.ctid = any (array[${places}]::tid[]) and ${join})`
    if (await isTrueOfAll(scene, relation, shown, follows)) return agreed(its.share, true)
  }
  return undefined
}

/** Where the victim's rows stand that the attacker is shown; undefined where there are none, or too many to be looked at. */
async function shownRows(
  scene: Scene,
  { attacker, victim }: Pair,
  relation: Relation,
): Promise<readonly string[] | undefined> {
  const where = aims(relation, victim, await scene.facts.owned(relation, victim))[0]
  if (where === undefined) return undefined
  const look = `select wk_row.ctid::text as place from ${quoted(relation)} as wk_row where ${where} limit ${rowLimit}`
  // Asked for in the middle of other attempts too.
  const { rows } = await attacker.look(async (tx) => await tx.attempt(look))
  return rows.length === 0 || rows.length === rowLimit ? undefined : rows.map(({ place }) => String(place))
}

async function isTrueOfAll(
  { facts }: Scene,
  relation: Relation,
  shown: readonly string[],
  condition: string,
): Promise<boolean> {
  const { rows, error } = await facts.ask(
    `select count(*) from ${quoted(relation)} as wk_row where wk_row.ctid = any ($1::tid[]) and (${condition}) is not true`,
    [shown],
  )
  return error === undefined && numberOf(rows) === 0
}

interface Neighbour {
  readonly other: Relation
  /** In terms of `wk_row` and `wk_next`. */
  readonly join: string
  readonly isAbove: boolean
}

/** Tables that the policies ask, to whose rows a row refers, or whose rows refer to it. */
function neighbours({ catalog }: Scene, relation: Relation, asked: string): Neighbour[] {
  const isAsked = (one: Relation): boolean =>
    one !== relation && one.kind === "r" && holdsTenants(one) && names(asked, one.name)
  const foreign = (one: Relation): Key[] => one.keys.filter(({ kind }) => kind === "f")
  const joined = ({ columns, parentColumns }: Key, child: string, parent: string): string =>
    columns
      .map((name, at) => `${parent}.${quoteIdent(parentColumns?.[at] ?? "")} = ${child}.${quoteIdent(name)}`)
      .join(" and ")
  // The tenant alone links every row to every other one.
  const isRows = (one: Relation, { columns }: Key): boolean =>
    columns.some((name) => !tenantColumns(one).includes(name))
  const above = foreign(relation).flatMap((key) => {
    const other = catalog.byOid(key.parent ?? "")
    if (other === undefined || !isAsked(other) || !isRows(relation, key)) return []
    return [{ other, join: joined(key, "wk_row", "wk_next"), isAbove: true }]
  })
  const referring = catalog.relations.filter(isAsked).flatMap((other) =>
    foreign(other)
      .filter((key) => key.parent === relation.oid && isRows(other, key))
      .map((key) => ({ other, join: joined(key, "wk_next", "wk_row"), isAbove: false })),
  )
  return [...above, ...referring]
}

/** Whether a policy that holds for the attacker's reading is true of every row. */
async function isToldEverything(attacker: Actor, { oid }: Relation): Promise<boolean> {
  const held = "case when m = 0 then true else pg_catalog.pg_has_role(m, 'USAGE') end"
  const all = `select 1 from pg_catalog.pg_policy where polrelid = ${quoteLiteral(oid)}::oid and polpermissive and polcmd in ('*', 'r')
    and pg_catalog.pg_get_expr(polqual, polrelid) = 'true' and exists (select from pg_catalog.unnest(polroles) as m where ${held})`
  return await attacker.look(async (tx) => (await tx.attempt(all)).rows.length > 0)
}

/** All that the policies say of the table and of those that they read, and the functions that they call. */
async function policiesOf(scene: Scene, { oid }: Relation): Promise<string> {
  const read = (await policyTables(scene)).filter(({ relation }) => relation.oid === oid)
  const tables = [oid, ...read.map(({ used }) => used.oid)]
  const { rows } = await scene.facts.ask(
    "select pg_catalog.pg_get_expr(polqual, polrelid) as text from pg_catalog.pg_policy where polrelid = any ($1::oid[]) and polqual is not null and polpermissive",
    [tables],
  )
  const called = (await policyFunctions(scene)).filter(({ relation }) => tables.includes(relation))
  return [...rows.map(({ text }) => String(text)), ...called.map(({ source }) => source)].join("\n")
}

export const agreedWords = ({ attacker, victim }: Pair, { share }: Agreed): string =>
  `tenant ${attacker.name} is shown rows that tenant ${victim.name} itself opened to it by rows of ${labelOf(share)}; whether that is agreed is for a person to say`
