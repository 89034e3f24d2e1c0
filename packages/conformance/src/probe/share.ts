import { quoteIdent } from "@wardkeep/core"
import { type Column, type Key, primaryKey, quoted, type Relation } from "../catalog/relation.js"
import { belongsTo, tenantColumns } from "../catalog/whose.js"
import type { Scene } from "../run/check.js"
import type { CheckedWords } from "./checked-words.js"
import { holdsTenants } from "./ground.js"
import type { Pair } from "./pair.js"
import { names } from "./policy-parts.js"

const guestWord = /guest|partner|recipient|grantee|receiv|shared|consult|to_/i

/** In the field's words: what ends an agreement, and what it takes to begin. */
const over = /expir|until|till|valid_to|(^|_)ends?(_|$)|ended|revok|withdr|cancel|remov|delet|declin|reject|clos|stop/i
const begun = /accept|confirm|approv|consent|sign|activ|valid/i
/** It never stood, or stands no more, whether anybody asks or not; whom it is for may see one that is closed. */
const takenBack = /revok|withdr/i
const handedOver = /(^|_)(sent|submitted|released|published|dispatched|issued)(_|$)/i
const notNow = "revok|withdr|declin|reject|expir|pend|request|offer|ended|clos|cancel"

/** SQL that is true for a row that a share of the victim's opens; undefined where none could. */
export function opening(
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
    ...states.filter((one) => share !== relation || isAsked(one) || isDecisive(one)).map((one) => stands(alias, one)),
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
  return `${column}::text !~* '${notNow}'`
}
