import { quoteIdent } from "@wardkeep/core"
import { type Column, foreignKeys, primaryKey, quoted, type Relation, refersBy } from "../catalog/relation.js"
import { belongsTo, tenantColumns } from "../catalog/whose.js"
import type { Scene } from "../run/check.js"
import type { CheckedWords } from "./checked-words.js"
import { holdsTenants } from "./ground.js"
import type { Pair } from "./pair.js"
import { names } from "./policy-parts.js"

/** What is read for it: a text that decides, of policies or of a function, and the words that columns may hold. */
export interface Asked {
  readonly text: string
  readonly listed: readonly CheckedWords[]
}

const guestWord = /guest|partner|recipient|grantee|receiv|shared|consult|(^|_)to_/i

/** In the field's words: what ends an agreement, and what it takes to begin. */
const over = /expir|until|till|valid_to|(^|_)ends?(_|$)|ended|revok|withdr|cancel|remov|delet|declin|reject|clos|stop/i
const begun = /accept|confirm|approv|consent|sign|activ|valid/i
const notNow = "revok|withdr|declin|reject|expir|pend|request|offer|ended|clos|cancel"

/** Until then it is a draft, whether anybody asks or not. */
const handedOver = /^(sent|submitted|released|published|dispatched|issued)(_(at|on|date|time))?$/i
/** It stands no more, whether anybody asks or not; whom it is for may see one that is closed. */
const takenBack = /revok|withdr/i

/** SQL that is true for a row of the relation, `wk_row`, that itself names the attacker as whom it is for; undefined where none could. */
export function openedByItself(scene: Scene, pair: Pair, relation: Relation, asked: Asked): string | undefined {
  const named = namesGuest(scene, pair, relation, "wk_row", asked.text)
  const states = statesOf(relation, asked.listed)
  const isAsked = (column: Column): boolean => names(asked.text, column.name)
  if (named === undefined || (states.length > 0 && !states.some(isAsked))) return undefined
  const wanted = states.filter((one) => isAsked(one) || isDecisive(one))
  return [named, ...wanted.map((one) => stands("wk_row", one))].join(" and ")
}

/** The same for a row that another table's row opens: a share of it, or of what it belongs to. */
export function openedByShare(
  scene: Scene,
  pair: Pair,
  relation: Relation,
  share: Relation,
  asked: Asked,
): string | undefined {
  const named = namesGuest(scene, pair, share, "wk_share", asked.text)
  const join = linked(scene.catalog, relation, share)
  const states = [...statesOf(share, asked.listed), ...unsaid(share, asked.listed)]
  const isAsked = (column: Column): boolean => names(asked.text, column.name)
  if (named === undefined || join === undefined || !states.every(isAsked) || !names(asked.text, share.name))
    return undefined
  const parts = [
    belongsTo(share, "wk_share", pair.victim.keys),
    named,
    ...states.map((one) => stands("wk_share", one)),
    join,
  ]
  return `exists (select from ${quoted(share)} as wk_share where ${parts.join(" and ")})`
}

/** SQL that is true for a row that was sent and not taken back. */
export const stillStands = (relation: Relation, alias: string, listed: readonly CheckedWords[]): string =>
  [
    "true",
    ...statesOf(relation, listed)
      .filter(isDecisive)
      .map((one) => stands(alias, one)),
  ].join(" and ")

/** Columns in which a row may name another tenant as whom it is for. */
export function guestColumns(scene: Scene, share: Relation): Column[] {
  const { tenancy } = share
  if (tenancy.by !== "column" || tenancy.column.category === "A") return []
  const { name: own, base } = tenancy.column
  return share.columns.filter((one) => one.base === base && one.name !== own && mayName(scene, share, one))
}

function namesGuest(
  scene: Scene,
  { attacker }: Pair,
  share: Relation,
  alias: string,
  text: string,
): string | undefined {
  const keys = attacker.keys.map((key) => `'${key.replaceAll("'", "''")}'`).join(", ")
  const guests = guestColumns(scene, share).filter(({ name }) => names(text, name))
  const named = guests.map(({ name }) => `${alias}.${quoteIdent(name)}::text in (${keys})`)
  return named.length === 0 ? undefined : `(${named.join(" or ")})`
}

/** A tenant: by a reference to the table of tenants, or as what nothing else is called by chance. */
function mayName({ catalog }: Scene, share: Relation, { name, base }: Column): boolean {
  const keys = foreignKeys(share).filter(({ columns }) => columns.includes(name))
  const parents = keys.map(({ parent }) => catalog.byOid(parent ?? ""))
  const isTenants = (one: Relation | undefined): boolean => {
    const [own, ...more] = one === undefined ? [] : (primaryKey(one)?.columns ?? [])
    const isOwn = one !== undefined && more.length === 0 && own !== undefined && tenantColumns(one).includes(own)
    return isOwn || one?.tenancy.by === "root" || one?.tenancy.by === "global"
  }
  if (parents.length > 0) return parents.some(isTenants)
  // The number of a row may be that of a tenant too.
  return !/^(smallint|integer|bigint)$/.test(base) || guestWord.test(name) || isBetween(share, name)
}

/** The row is known by both tenants, as an answer is by who was asked and who asked: `practice` and `from_practice`. */
function isBetween(share: Relation, name: string): boolean {
  const own = primaryKey(share)?.columns ?? []
  const stem = (column: string): string => column.replace(/_(id|uuid|key|no)$/i, "").toLowerCase()
  return (
    own.includes(name) &&
    tenantColumns(share).some((tenant) => own.includes(tenant) && stem(name).endsWith(`_${stem(tenant)}`))
  )
}

/** By a foreign key of the one to the other, or of both to the same row, which each may call by another key. */
function linked({ byOid }: Scene["catalog"], relation: Relation, share: Relation): string | undefined {
  const down = foreignKeys(share).find(({ parent }) => parent === relation.oid)
  if (down !== undefined) return refersBy(down, "wk_share", "wk_row")
  for (const key of foreignKeys(relation)) {
    const other = foreignKeys(share).find(({ parent }) => parent === key.parent)
    const above = byOid(key.parent ?? "")
    // The table of tenants is above everything, and links nothing.
    const isRow = namesRow(relation, key.columns) && above !== undefined && holdsTenants(above)
    if (other === undefined || !isRow) continue
    return `exists (select from ${quoted(above)} as wk_up where ${refersBy(key, "wk_row", "wk_up")} and ${refersBy(other, "wk_share", "wk_up")})`
  }
  return undefined
}

/** The tenant alone links every row to every other one. */
export const namesRow = (relation: Relation, columns: readonly string[]): boolean =>
  columns.some((name) => !tenantColumns(relation).includes(name))

/** Columns that say whether it stands. */
export const statesOf = ({ oid, columns, keys }: Relation, listed: readonly CheckedWords[]): Column[] => {
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

const isDecisive = ({ name, category }: Column): boolean =>
  takenBack.test(name) || (category === "D" && handedOver.test(name))

function stands(alias: string, { name, category }: Column): string {
  const column = `${alias}.${quoteIdent(name)}`
  const [isOver, isBegun] = [over.test(name), begun.test(name)]
  if (category === "D") {
    if (isOver) return `(${column} is null or ${column} > pg_catalog.now())`
    return isBegun || handedOver.test(name) ? `${column} is not null` : "true"
  }
  // What a number or a range of time means is not known.
  if (category === "N" || category === "R") return "false"
  if (category === "B") return isOver ? `${column} is not true` : isBegun ? `${column} is true` : "true"
  return `(${column}::text ~* '${notNow}') is not true`
}
