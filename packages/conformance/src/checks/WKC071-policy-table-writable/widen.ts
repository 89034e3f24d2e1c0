import { quoteIdent, quoteLiteral } from "@wardkeep/core"
import { type Column, quoted, type Relation } from "../../catalog/relation.js"
import type { Actor } from "../../database/actor.js"
import { insertStatement, literalOf } from "../../probe/insertion.js"
import type { Pair } from "../../probe/pair.js"
import type { Rights } from "../../probe/rights.js"
import type { Scene } from "../../run/check.js"

/** Columns that are tried as the one that names the other tenant. */
const columnLimit = 8
/** Of a context, the first values. */
const identityLimit = 3

/**
 * Statements that say of the attacker whatever a policy could want to hear: an approval of its own request, a grant of the
 * other tenant's rows, a claim in a document that is laid over its own. What an existing row says is copied, for a state that
 * is spelt out there cannot be guessed.
 */
export async function widening(scene: Scene, { attacker, victim }: Pair, used: Relation): Promise<string[]> {
  const [from, to] = [attacker.keys[0], victim.keys[0]]
  if (from === undefined || to === undefined) return []
  const rights = await scene.rights.of(attacker, used)
  const agreed = agreeing(used)
  const documents = claiming(attacker, used, to, "document")
  const texts = claiming(attacker, used, to, "text")
  const updates = [...agreed, ...documents, ...texts]
    .filter(([name]) => rights.update.includes(name))
    .map(([name, value]) => `update ${quoted(used)} as wk_row set ${quoteIdent(name)} = ${value}`)
  if (rights.insert.length === 0) return updates
  const samples = await scene.facts.sample(used, "true", 3)
  const bases = [
    Object.fromEntries(agreed),
    {},
    ...samples.map((row) => Object.fromEntries(used.columns.map(({ name }) => [name, literalOf(used, name, row)]))),
  ]
  const places = used.columns.filter((column) => holds(column, to)).slice(0, columnLimit)
  const people = identities(attacker).flatMap((who) => asPerson(used, places, who, to))
  const inserts = bases.flatMap((base) =>
    [...pairings(used, places, from, to), ...people].map((named) => {
      const set = { ...base, ...Object.fromEntries(documents), ...named }
      return insertStatement({ relation: used, rights, like: undefined, set: within(used, rights, set) })
    }),
  )
  return [...updates, ...inserts.flatMap((text) => (text === undefined ? [] : [text]))]
}

/** The attacker in one column and the victim in another one; and the victim in one alone. */
function pairings(used: Relation, places: readonly Column[], from: string, to: string): Record<string, string>[] {
  const { tenancy } = used
  const own = tenancy.by === "column" ? places.filter(({ name }) => name === tenancy.column.name) : places
  return own.flatMap((mine) =>
    places
      .filter((theirs) => theirs !== mine)
      .map((theirs) => ({ [mine.name]: literalFor(from, mine), [theirs.name]: literalFor(to, theirs) })),
  )
}

/** What the attacker's context says of it besides its key: the person who has signed in. */
function identities({ keys, tenant }: Actor): string[] {
  const said = Object.values(tenant.connect.settings).flatMap((text) => [text, ...leavesOf(text)])
  return [...new Set(said)].filter((text) => text.length > 1 && !keys.includes(text)).slice(0, identityLimit)
}

/** That person in one column, and the victim as whose the row is. */
function asPerson(used: Relation, places: readonly Column[], who: string, to: string): Record<string, string>[] {
  const { tenancy } = used
  const whose = tenancy.by === "column" ? places.find(({ name }) => name === tenancy.column.name) : undefined
  if (whose === undefined) return []
  return used.columns
    .filter((column) => column.name !== whose.name && column.category !== "A" && holds(column, who))
    .slice(0, columnLimit)
    .map((column) => ({ [column.name]: literalFor(who, column), [whose.name]: literalFor(to, whose) }))
}

const literalFor = (key: string, { base, category }: Column): string =>
  `${quoteLiteral(category === "A" ? `{${key}}` : key)}::${base}`

const agreeing = ({ columns }: Relation): [string, string][] =>
  columns.filter(({ base, generated }) => base === "boolean" && !generated).map(({ name }) => [name, "true"])

/** Names under which the attacker's context holds its key, with the victim's instead. */
function claiming(
  { keys, tenant }: Actor,
  { columns, tenancy }: Relation,
  to: string,
  form: "document" | "text",
): [string, string][] {
  const names = Object.entries(tenant.connect.settings).flatMap(([name, text]) => [
    ...(keys.includes(text) ? [name.slice(name.lastIndexOf(".") + 1)] : []),
    ...namesIn(text, keys),
  ])
  if (tenancy.by === "column") names.push(tenancy.column.name)
  if (names.length === 0) return []
  return columns
    .filter(({ generated, category }) => !generated && (category === "S") === (form === "text"))
    .flatMap((column) => documentAs(column, names, to).map((value): [string, string] => [column.name, value]))
}

/** A document of these names, in the form of the column. */
function documentAs({ base, category, enum: isEnum }: Column, names: readonly string[], to: string): string[] {
  const json = quoteLiteral(JSON.stringify(Object.fromEntries(names.map((name) => [name, to]))))
  if (base === "json" || base === "jsonb") return [`${json}::${base}`]
  if (base === "hstore" || base.endsWith(".hstore")) {
    return [`${quoteLiteral(names.map((name) => `${JSON.stringify(name)}=>${JSON.stringify(to)}`).join(","))}::${base}`]
  }
  if (base === "xml") {
    const members = names
      .filter((name) => /^[A-Za-z_][\w.-]*$/.test(name))
      .map((name) => `<${name}>${escaped(to)}</${name}>`)
    return members.length === 0 ? [] : [`${quoteLiteral(`<claims>${members.join("")}</claims>`)}::xml`]
  }
  return category === "S" && !isEnum && base === "text" ? [`${json}::text`] : []
}

const escaped = (text: string): string => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;")

/** Of claims, their texts and numbers, however deep. */
function leavesOf(text: string): string[] {
  const leaves = (value: unknown): string[] => {
    if (typeof value === "object" && value !== null) return Object.values(value).flatMap(leaves)
    return typeof value === "string" || typeof value === "number" ? [String(value)] : []
  }
  return text.startsWith("{") ? leaves(parsed(text)) : []
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}

function namesIn(text: string, keys: readonly string[]): string[] {
  const claims = parsed(text)
  if (typeof claims !== "object" || claims === null) return []
  return Object.entries(claims).flatMap(([name, value]) => (keys.includes(String(value)) ? [name] : []))
}

/** Only a column whose type takes the key: a refused value would cost a statement each. */
function holds({ category, base, enum: isEnum, generated, identity }: Column, key: string): boolean {
  if (generated || isEnum || identity === "a") return false
  if (category === "S") return true
  if (category === "N") return /^\d+$/.test(key)
  if (category === "A") return /\[\]$/.test(base) && (/^\d+$/.test(key) || /text|char/.test(base))
  return base === "uuid" && /^[0-9a-f-]{36}$/i.test(key)
}

/** What may be written; a column that draws its own value keeps it, so that a copied row has another key. */
const within = (
  { columns }: Relation,
  { insert }: Rights,
  set: Readonly<Record<string, string>>,
): Record<string, string> =>
  Object.fromEntries(
    columns
      .filter(
        ({ name, drawn, generated, identity }) => insert.includes(name) && !drawn && !generated && identity === "",
      )
      .flatMap(({ name }) => (set[name] === undefined ? [] : [[name, set[name]]])),
  )
