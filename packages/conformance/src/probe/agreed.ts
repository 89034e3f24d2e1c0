import { quoteIdent, quoteLiteral } from "@wardkeep/core"
import { type Column, type Key, labelOf, primaryKey, quoted, type Relation } from "../catalog/relation.js"
import { belongsTo, tenantColumns } from "../catalog/whose.js"
import type { Actor } from "../database/actor.js"
import type { Scene } from "../run/check.js"
import { aims } from "./aim.js"
import { type CheckedWords, checkedWords } from "./checked-words.js"
import { numberOf } from "./facts.js"
import { holdsTenants } from "./ground.js"
import type { Pair } from "./pair.js"
import { names, policyFunctions, policyTables } from "./policy-parts.js"

/** Rows that are compared; where more are shown, no agreement accounts for all of them. */
const rowLimit = 1_000

const guestWord = /guest|partner|recipient|grantee|receiv|shared|consult|to_/i

/** In the field's words: what ends an agreement, and what it takes to begin. */
const over = /expir|until|till|valid_to|(^|_)ends?(_|$)|ended|revok|withdr|cancel|remov|delet|declin|reject|clos|stop/i
const begun = /accept|confirm|approv|consent|sign|activ|valid/i
const notNow = "revok|withdr|declin|reject|expir|pend|request|offer|ended|clos|cancel"

/**
 * The table by which the victim itself opened to the attacker every row that the attacker is shown: a share in force that names
 * the attacker as its guest. That is agreed, as far as the policies ask for all that says whether it still stands.
 * Undefined where one row is not accounted for.
 */
export async function agreedBy(scene: Scene, pair: Pair, relation: Relation): Promise<Relation | undefined> {
  const { attacker, victim } = pair
  // Where a policy asks nothing, or none is in force, a row that names the attacker is shown with all others.
  if (relation.kind !== "r" || !relation.rls) return undefined
  const where = aims(relation, victim, await scene.facts.owned(relation, victim))[0]
  if (where === undefined) return undefined
  const look = `select wk_row.ctid::text as place from ${quoted(relation)} as wk_row where ${where} limit ${rowLimit}`
  const shown = await attacker.act(async (tx) => (await tx.attempt(look)).rows.map(({ place }) => String(place)))
  if (shown.length === 0 || shown.length === rowLimit) return undefined
  if (await isToldEverything(attacker, relation)) return undefined
  const asked = await policiesOf(scene, relation)
  const listed = await checkedWords(scene)
  for (const share of scene.catalog.relations.filter(({ kind }) => kind === "r")) {
    const opens = opening(scene, pair, relation, share, { asked, listed })
    if (opens === undefined) continue
    const { rows, error } = await scene.facts.ask(
      `select count(*) from ${quoted(relation)} as wk_row where wk_row.ctid = any ($1::tid[]) and (${opens}) is not true`,
      [shown],
    )
    if (error === undefined && numberOf(rows) === 0) return share
  }
  return undefined
}

/** SQL that is true for a row that a share of the victim's opens; undefined where none could. */
function opening(
  scene: Scene,
  { attacker, victim }: Pair,
  relation: Relation,
  share: Relation,
  { asked, listed }: { readonly asked: string; readonly listed: readonly CheckedWords[] },
): string | undefined {
  const { tenancy } = share
  if (tenancy.by !== "column" || tenancy.column.category === "A") return undefined
  const alias = share === relation ? "wk_row" : "wk_share"
  const guests = share.columns.filter(
    (column) =>
      column.base === tenancy.column.base &&
      column.name !== tenancy.column.name &&
      names(asked, column.name) &&
      mayName(scene, share, column),
  )
  const keys = attacker.keys.map((key) => `'${key.replaceAll("'", "''")}'`).join(", ")
  const named = guests.map(({ name }) => `${alias}.${quoteIdent(name)}::text in (${keys})`)
  const join = share === relation ? "true" : linked(scene.catalog, relation, share)
  const states = [...statesOf(share, listed), ...(share === relation ? [] : unsaid(share, listed))]
  const isAsked = (column: Column): boolean => names(asked, column.name)
  const isJudged = share === relation ? states.length === 0 || states.some(isAsked) : states.every(isAsked)
  if (named.length === 0 || join === undefined || !isJudged) return undefined
  if (share !== relation && !names(asked, share.name)) return undefined
  const parts = [
    `(${named.join(" or ")})`,
    ...states.filter((one) => share !== relation || isAsked(one)).map((one) => stands(alias, one)),
    join,
  ]
  if (share === relation) return parts.join(" and ")
  return `exists (select from ${quoted(share)} as wk_share where ${belongsTo(share, "wk_share", victim.keys)} and ${parts.join(" and ")})`
}

/** A tenant: by a reference to the table of tenants, or as what nothing else is called by chance. */
function mayName({ catalog }: Scene, share: Relation, { name, base }: Column): boolean {
  const keys = share.keys.filter(({ columns }) => columns.includes(name))
  const parents = keys.filter(({ kind }) => kind === "f").map(({ parent }) => catalog.byOid(parent ?? ""))
  const isTenants = (one: Relation | undefined): boolean => {
    const [own, ...more] = one === undefined ? [] : (primaryKey(one)?.columns ?? [])
    const isOwn = one !== undefined && more.length === 0 && own !== undefined && tenantColumns(one).includes(own)
    return isOwn || one?.tenancy.by === "root" || one?.tenancy.by === "global"
  }
  if (parents.length > 0) return parents.some(isTenants)
  // The number of a row may be that of a tenant too.
  return !/^(smallint|integer|bigint)$/.test(base) || guestWord.test(name)
}

/** By a foreign key of the one to the other, or of both to the same row, which each may call by another key. */
function linked({ byOid }: Scene["catalog"], relation: Relation, share: Relation): string | undefined {
  const foreign = (one: Relation) => one.keys.filter(({ kind }) => kind === "f")
  const joined = ({ columns, parentColumns }: Key, child: string, parent: string): string =>
    columns
      .map((name, at) => `${parent}.${quoteIdent(parentColumns?.[at] ?? "")} = ${child}.${quoteIdent(name)}`)
      .join(" and ")
  const down = foreign(share).find(({ parent }) => parent === relation.oid)
  if (down !== undefined) return joined(down, "wk_share", "wk_row")
  const whose = tenantColumns(relation)
  for (const key of foreign(relation)) {
    const other = foreign(share).find(({ parent }) => parent === key.parent)
    const above = byOid(key.parent ?? "")
    // The table of tenants is above everything, and links nothing.
    const isRow = key.columns.some((name) => !whose.includes(name)) && above !== undefined && holdsTenants(above)
    if (other === undefined || !isRow) continue
    return `exists (select from ${quoted(above)} as wk_up where ${joined(key, "wk_row", "wk_up")} and ${joined(other, "wk_share", "wk_up")})`
  }
  return undefined
}

/** Columns that say whether the share stands. */
const statesOf = ({ oid, columns, keys }: Relation, listed: readonly CheckedWords[]): Column[] => {
  const keyed = new Set(keys.flatMap((key) => key.columns))
  const isListed = (name: string): boolean => listed.some(({ relation, column }) => relation === oid && column === name)
  return columns.filter(({ name, category, drawn }) => {
    if (keyed.has(name)) return false
    if (category === "B" || (category === "D" && !drawn)) return true
    return category === "E" || isListed(name)
  })
}

/** Of a share, whatever else could say whether it stands: a state in free text, a number, a range of time. */
const unsaid = (share: Relation, listed: readonly CheckedWords[]): Column[] => {
  const said = statesOf(share, listed)
  const keyed = new Set(share.keys.flatMap((key) => key.columns))
  return share.columns.filter(
    (column) =>
      /^[SNR]$/.test(column.category) &&
      !keyed.has(column.name) &&
      !said.includes(column) &&
      !tenantColumns(share).includes(column.name) &&
      !remarks.test(column.name),
  )
}

/** Said of a share, and nothing that it depends on. */
const remarks = /note|remark|comment|reason|purpose|title|text|body|message|name/i

function stands(alias: string, { name, category }: Column): string {
  const column = `${alias}.${quoteIdent(name)}`
  const [isOver, isBegun] = [over.test(name), begun.test(name)]
  if (category === "D") {
    if (isOver) return `(${column} is null or ${column} > pg_catalog.now())`
    return isBegun ? `${column} is not null` : "true"
  }
  // What a number or a range of time means is not known.
  if (category === "N" || category === "R") return "false"
  if (category === "B") return isOver ? `${column} is not true` : isBegun ? `${column} is true` : "true"
  return `${column}::text !~* '${notNow}'`
}

/** Whether a policy that holds for the attacker's reading is true of every row. */
async function isToldEverything(attacker: Actor, { oid }: Relation): Promise<boolean> {
  const held = "case when m = 0 then true else pg_catalog.pg_has_role(m, 'USAGE') end"
  const all = `select 1 from pg_catalog.pg_policy where polrelid = ${quoteLiteral(oid)}::oid and polpermissive and polcmd in ('*', 'r')
    and pg_catalog.pg_get_expr(polqual, polrelid) = 'true' and exists (select from pg_catalog.unnest(polroles) as m where ${held})`
  return await attacker.act(async (tx) => (await tx.attempt(all)).rows.length > 0)
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

export const agreedWords = ({ attacker, victim }: Pair, share: Relation): string =>
  `tenant ${attacker.name} is shown rows that tenant ${victim.name} itself opened to it by rows of ${labelOf(share)}; whether that is agreed is for a person to say`
