import { columnOf, primaryKey } from "../catalog/relation.js"
import { eachInTurn } from "../database/each-in-turn.js"
import type { Scene } from "../run/check.js"
import { plainArgument, product, type Routine } from "./argument.js"
import { holdsTenants } from "./ground.js"
import { isNobodys } from "./insertion.js"
import type { Pair } from "./pair.js"
import { rowKeys } from "./row-keys.js"
import { schemasOf } from "./schemas-of.js"
import { isTenantName } from "./scopes.js"

const memberLimit = 6

/** A JSON argument as documents, with the members that the function's text names; where it reads a list, in one. */
export async function documents(scene: Scene, one: Routine, pair: Pair): Promise<string[]> {
  const made = await ofMembers(scene, one, pair)
  const head = made.find((text) => text.startsWith("{")) ?? "{}"
  return [...(await recordsIn(scene, one, pair, head)), ...made]
}

/** The rows in a member that become rows of a table, `jsonb_populate_recordset(null::bill_line, doc->'lines')`: the victim's, by their keys alone. */
async function recordsIn(scene: Scene, { source }: Routine, { victim }: Pair, head: string): Promise<string[]> {
  const found: string[] = []
  const named = source.matchAll(/_populate_recordset\s*\(\s*null::(?:\w+\.)?(\w+)\s*,\s*\w+\s*->\s*'(\w+)'/gi)
  for (const [, table = "", member = ""] of named) {
    const relation = scene.catalog.relations.find((one) => one.name === table && holdsTenants(one))
    if (relation === undefined) continue
    const key = (primaryKey(relation)?.columns ?? []).flatMap((name) => columnOf(relation, name) ?? [])
    // The text of a document is printed: a key that is text may be a person's.
    if (!key.every((column) => isNobodys(relation, column))) continue
    const { rows } = await scene.facts.owned(relation, victim)
    const keys = rows.slice(0, 2).map(({ values }) => Object.fromEntries(key.map(({ name }) => [name, values[name]])))
    const outer: unknown = JSON.parse(head)
    if (keys.length > 0 && typeof outer === "object" && outer !== null && !Array.isArray(outer))
      found.push(JSON.stringify({ ...outer, [member]: keys }))
  }
  return found
}

async function ofMembers(scene: Scene, { source }: Routine, pair: Pair): Promise<string[]> {
  const { attacker, victim } = pair
  const members = membersOf(source)
  const isList = /\bjsonb?_(array_elements|to_recordset|populate_recordset)/i.test(source)
  const number = { name: "", type: "bigint", base: "bigint", category: "N", labels: [], ...plainArgument }
  const keysFor = async (name: string): Promise<string[]> => {
    const ids = await rowKeys(scene, { ...number, name }, victim)
    const uuids = await rowKeys(scene, { ...number, name, base: "uuid" }, victim)
    return /uuid/i.test(name) ? [...uuids, ...ids] : [...ids, ...uuids]
  }
  if (members.length === 0) {
    const keys = isList ? await keysFor("") : []
    const tenants = isList ? [[...attacker.keys.slice(0, 1), ...victim.keys].map(asJson)] : []
    const lists = keys.length > 0 ? [keys.map(asJson), keys, ...tenants] : tenants
    return lists.length > 0 ? lists.map((list) => JSON.stringify(list)) : ["{}"]
  }
  const places = /\bexecute\b/i.test(source) ? await schemasOf(scene, pair) : []
  const lists = await eachInTurn(members, async (name) => {
    if (isTenantName(scene, name)) return [...attacker.keys.slice(0, 1), ...victim.keys.slice(0, 1), ...places]
    const either = [...places, ...(await keysFor(name))]
    return either.length > 0 ? either.slice(0, 4) : ["1"]
  })
  const made = product(lists).map((values) => Object.fromEntries(members.map((name, at) => [name, values[at]])))
  if (!isList) return made.map((one) => JSON.stringify(within(source, members, one)))
  const [first = {}] = made
  return [JSON.stringify(made.slice(0, listLimit)), JSON.stringify(first), ...inLists(source, made.slice(0, listLimit))]
}

const listLimit = 24

/** `j->'filter'->>'id'` and `j #>> '{filter,id}'`: the members stand in a member as well. */
function within(source: string, members: readonly string[], one: object): object {
  const outer = [
    ...source.matchAll(/->\s*'(\w+)'\s*(?:\)\s*)?->/gi),
    ...source.matchAll(/#>>?\s*'\{(\w+),/gi),
    ...source.matchAll(/\w\['(\w+)'\]\['/gi),
  ].map(([, name = ""]) => name)
  return {
    ...one,
    ...Object.fromEntries([...new Set(outer)].map((name) => [name, one])),
    ...unnamed(members, outer, one),
  }
}

/** A member that holds others is no number. */
const unnamed = (members: readonly string[], outer: readonly string[], one: object): object =>
  Object.fromEntries(members.filter((name) => outer.includes(name)).map((name) => [name, one]))

/** The list in a member, `jsonb_array_elements(j->'items')`: of documents, and of the values themselves. */
function inLists(source: string, made: readonly Record<string, unknown>[]): string[] {
  const outer = [
    ...source.matchAll(/jsonb?_(?:array_elements(?:_text)?|to_recordset)\s*\([^()]*->\s*'(\w+)'/gi),
    ...source.matchAll(/jsonb?_(?:array_elements(?:_text)?|to_recordset)\s*\([^()]*#>\s*'\{(\w+)\}'/gi),
  ].map(([, name = ""]) => name)
  return [...new Set(outer)].flatMap((name) => [
    JSON.stringify({ ...made[0], [name]: made }),
    JSON.stringify({ ...made[0], [name]: made.map((one) => one[name]) }),
  ])
}

/** `j->>'id'`, `j #>> '{id}'`, `j['id']`, `json_extract_path(j, 'id')`, and the columns of `json_to_record(j) as r(id int)`. */
function membersOf(source: string): string[] {
  const named = [
    ...source.matchAll(
      /->>?\s*'(\w+)'|#>>?\s*'\{(?:\w+,)*(\w+)\}'|\w\['(\w+)'\]|_extract_path(?:_text)?\s*\([^,()]+,\s*'(\w+)'/gi,
    ),
  ].flatMap((groups) => groups.slice(1).filter((name) => name !== undefined))
  const listed = [...source.matchAll(/_to_record(?:set)?\s*\([^()]*\)\s*(?:as\s+)?\w+\s*\(([^()]*)\)/gi)]
    .flatMap(([, columns = ""]) => columns.split(","))
    .map((column) => column.trim().split(/\s/)[0] ?? "")
    .filter((name) => /^\w+$/.test(name))
  return [...new Set([...named, ...listed])].slice(0, memberLimit)
}

const asJson = (text: string): string | number => (/^-?\d{1,15}$/.test(text) ? Number(text) : text)
