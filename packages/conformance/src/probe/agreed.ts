import { quoteLiteral } from "@wardkeep/core"
import { foreignKeys, labelOf, quoted, type Relation, refersBy } from "../catalog/relation.js"
import { belongsTo } from "../catalog/whose.js"
import type { Scene } from "../run/check.js"
import { checkedWords } from "./checked-words.js"
import { numberOf } from "./facts.js"
import { holdsTenants } from "./ground.js"
import type { Pair } from "./pair.js"
import { names, policyFunctions, policyTables } from "./policy-parts.js"
import { type Asked, guestColumns, namesRow, openedByItself, openedByShare, stillStands } from "./share.js"

/** Rows that are compared; where more are shown, no agreement accounts for all of them. */
const rowLimit = 1_000

/**
 * Why a row is agreed: it names the attacker itself; it belongs to such a row, or to one that does; or another row opens it, a share or a row below
 * one that names the attacker, with which it was put along. Only the first two open what belongs to them.
 */
const hows = ["named", "below", "along"] as const
type How = (typeof hows)[number]

export interface Agreed {
  /** By whose rows. */
  readonly share: Relation
  /** Places of the victim's rows that the attacker is shown. */
  readonly rows: ReadonlySet<string>
  readonly how: How
}

export const idOf = ({ attacker, victim }: Pair): string => JSON.stringify([attacker.name, victim.name])

const known = new WeakMap<Scene["catalog"], Promise<ReadonlyMap<string, ReadonlyMap<string, Agreed>>>>()

/**
 * The victim's rows that the attacker is shown, where the victim itself opened every one of them: by naming the attacker as the one for whom they
 * are, in a state that stands, or by what belongs to such a row. That is agreed, as far as the policies ask for the state. Undefined where one row is not
 * accounted for.
 */
export async function agreedBy(scene: Scene, pair: Pair, relation: Relation): Promise<Agreed | undefined> {
  return (await readAgreements(scene)).get(idOf(pair))?.get(relation.oid)
}

/** Of all pairs at once, and before anything is tried: a context that writes would wait for itself in a second session. */
export async function readAgreements(scene: Scene): Promise<ReadonlyMap<string, ReadonlyMap<string, Agreed>>> {
  const agreements = known.get(scene.catalog) ?? readAll(scene)
  known.set(scene.catalog, agreements)
  return await agreements
}

async function readAll(scene: Scene): Promise<ReadonlyMap<string, ReadonlyMap<string, Agreed>>> {
  const found = new Map<string, ReadonlyMap<string, Agreed>>()
  // Where a policy asks nothing, or none is in force, a row that names the attacker is shown with all others.
  const tables = scene.catalog.relations.filter((one) => one.kind === "r" && one.rls && holdsTenants(one))
  const shares = scene.catalog.relations.filter((one) => one.kind === "r" && guestColumns(scene, one).length > 0)
  if (shares.length === 0) return found
  const asked = await askedBy(scene)
  for (const pair of scene.pairs) found.set(idOf(pair), await settle(scene, pair, tables, shares, asked))
  return found
}

interface Condition {
  readonly how: How
  readonly share: Relation
  readonly sql: string
}

/** Tables that name the attacker first, then what their rows account for, and so on until nothing is added. */
async function settle(
  scene: Scene,
  pair: Pair,
  tables: readonly Relation[],
  shares: readonly Relation[],
  asked: ReadonlyMap<string, Asked>,
): Promise<ReadonlyMap<string, Agreed>> {
  const found = new Map<string, Agreed>()
  const shown = new Map<string, Promise<readonly string[]>>()
  for (;;) {
    const added = new Map<string, Agreed>()
    for (const table of tables.filter(({ oid }) => !found.has(oid))) {
      const own = asked.get(table.oid)
      const conditions = own === undefined ? [] : conditionsOf(scene, pair, table, shares, own, found)
      if (conditions.length === 0) continue
      const places = shown.get(table.oid) ?? shownRows(scene, pair, table)
      shown.set(table.oid, places)
      const agreed = await judge(scene, table, await places, conditions)
      if (agreed !== undefined) added.set(table.oid, agreed)
    }
    if (added.size === 0) return found
    for (const [oid, agreed] of added) found.set(oid, agreed)
  }
}

function conditionsOf(
  scene: Scene,
  pair: Pair,
  table: Relation,
  shares: readonly Relation[],
  asked: Asked,
  found: ReadonlyMap<string, Agreed>,
): Condition[] {
  const opened = shares.map((share): Condition | undefined => {
    const isItself = share === table
    const sql = isItself ? openedByItself(scene, pair, table, asked) : openedByShare(scene, pair, table, share, asked)
    return sql === undefined ? undefined : { how: isItself ? "named" : "along", share, sql }
  })
  const standing = stillStands(table, "wk_row", asked.listed)
  const follows = (other: Relation, { rows, share }: Agreed, how: How, join: string): Condition => ({
    how,
    share,
    sql: `${standing} and exists (select from ${quoted(other)} as wk_next where wk_next.ctid = any (${placesOf(rows)}) and ${join})`,
  })
  const others = scene.catalog.relations.filter(
    (one) => one !== table && found.has(one.oid) && names(asked.text, one.name),
  )
  const linked = others.flatMap((other) => {
    const its = found.get(other.oid)
    if (its === undefined || its.how === "along") return []
    const above = foreignKeys(table).filter((key) => key.parent === other.oid && namesRow(table, key.columns))
    const below = foreignKeys(other).filter((key) => key.parent === table.oid && namesRow(other, key.columns))
    return [
      ...above.map((key) => follows(other, its, "below", refersBy(key, "wk_row", "wk_next"))),
      ...(its.how === "below" ? below : []).map((key) =>
        follows(other, its, "along", refersBy(key, "wk_next", "wk_row")),
      ),
    ]
  })
  return [...opened.filter((one) => one !== undefined), ...linked]
}

/** SQL of the places of rows. */
export const placesOf = (rows: Iterable<string>): string =>
  `array[${[...rows].map((place) => quoteLiteral(place)).join(", ")}]::tid[]`

async function judge(
  { facts }: Scene,
  table: Relation,
  shown: readonly string[],
  conditions: readonly Condition[],
): Promise<Agreed | undefined> {
  if (shown.length === 0) return undefined
  for (const how of hows) {
    const usable = conditions.filter((one) => hows.indexOf(one.how) <= hows.indexOf(how))
    const [first] = usable
    if (first === undefined) continue
    const { rows, error } = await facts.ask(
      `select count(*) from ${quoted(table)} as wk_row where wk_row.ctid = any ($1::tid[]) and (${usable.map(({ sql }) => `(${sql})`).join(" or ")}) is not true`,
      [[...shown]],
    )
    if (error === undefined && numberOf(rows) === 0) return { share: first.share, rows: new Set(shown), how }
  }
  return undefined
}

/** Where the victim's rows stand that the attacker is shown; none where a policy is true of every row, or too many are shown to be looked at. */
async function shownRows(scene: Scene, { attacker, victim }: Pair, table: Relation): Promise<readonly string[]> {
  const whose = belongsTo(table, "wk_row", victim.keys)
  const theirs = await scene.facts.ask(
    `select wk_row.ctid::text as place from ${quoted(table)} as wk_row where ${whose} limit ${rowLimit + 1}`,
  )
  if (theirs.rows.length > rowLimit) return []
  const places = placesOf(theirs.rows.map(({ place }) => String(place)))
  const look = `select wk_row.ctid::text as place from ${quoted(table)} as wk_row where wk_row.ctid = any (${places})`
  const held = "case when m = 0 then true else pg_catalog.pg_has_role(m, 'USAGE') end"
  const everything = `select 1 from pg_catalog.pg_policy where polrelid = ${quoteLiteral(table.oid)}::oid and polpermissive and polcmd in ('*', 'r')
    and pg_catalog.pg_get_expr(polqual, polrelid) = 'true' and exists (select from pg_catalog.unnest(polroles) as m where ${held})`
  return await attacker.look(async (tx) => {
    const { rows } = await tx.attempt(look)
    const isToldEverything = rows.length > 0 && (await tx.attempt(everything)).rows.length > 0
    return isToldEverything ? [] : rows.map(({ place }) => String(place))
  })
}

/** By table, all that its policies say and those of the tables that they read, and the functions that they call. */
async function askedBy(scene: Scene): Promise<ReadonlyMap<string, Asked>> {
  const { rows } = await scene.facts.ask(
    "select polrelid::text as relation, pg_catalog.pg_get_expr(polqual, polrelid) as text from pg_catalog.pg_policy where polqual is not null and polpermissive",
  )
  const policies = rows.map(({ relation, text }) => ({ relation: String(relation), text: String(text) }))
  const called = (await policyFunctions(scene)).map(({ relation, source }) => ({ relation, text: source }))
  const read = await policyTables(scene)
  const listed = await checkedWords(scene)
  const tables = scene.catalog.relations.map(({ oid }): [string, Asked] => {
    const of = [oid, ...read.filter(({ relation }) => relation.oid === oid).map(({ used }) => used.oid)]
    const texts = [...policies, ...called].filter(({ relation }) => of.includes(relation))
    return [oid, { text: texts.map(({ text }) => text).join("\n"), listed }]
  })
  return new Map(tables)
}

export const agreedWords = ({ attacker, victim }: Pair, { share }: Agreed): string =>
  `tenant ${attacker.name} is shown rows that tenant ${victim.name} itself opened to it by rows of ${labelOf(share)}; whether that is agreed is for a person to say`
