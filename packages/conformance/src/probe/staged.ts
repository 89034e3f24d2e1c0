import { quoteLiteral } from "@wardkeep/core"
import { type Column, columnOf, labelOf, primaryKey, type Relation } from "../catalog/relation.js"
import { tenantColumns } from "../catalog/whose.js"
import type { Actor } from "../database/actor.js"
import type { Scene } from "../run/check.js"
import { aims } from "./aim.js"
import type { Argument, Routine } from "./argument.js"
import { freshValue } from "./fresh.js"
import { holdsTenants } from "./ground.js"
import { insertStatement } from "./insertion.js"
import { names } from "./policy-parts.js"
import { callText } from "./routine.js"
import { plainName } from "./row-keys.js"

/** The key of a row that was made, as SQL. */
interface MadeKey {
  readonly relation: Relation
  readonly column: Column
  readonly value: string
}

/** Rows that an actor makes of its own before it asks for anything, parents first. */
export interface Staged {
  readonly statements: readonly string[]
  readonly keys: readonly MadeKey[]
}

/**
 * A row of the actor's own that nothing was done with yet: whatever may be left empty is, and where the source names a table
 * above it, its parent there is a new one as well. An order that was worked off long ago is no order any more.
 */
export async function staged(
  scene: Scene,
  actor: Actor,
  relation: Relation,
  source: string,
  set: Readonly<Record<string, string>> = {},
): Promise<Staged | undefined> {
  const above: string[] = []
  const keys: MadeKey[] = []
  const given: Record<string, string> = { ...set }
  for (const key of relation.keys.filter(({ kind }) => kind === "f")) {
    const parent = scene.catalog.byOid(key.parent ?? "")
    if (parent === undefined || parent === relation || !holdsTenants(parent) || !names(source, parent.name)) continue
    const made = await alone(scene, actor, parent, {})
    const at = made === undefined ? -1 : (key.parentColumns ?? []).indexOf(made.key?.column.name ?? "")
    const column = key.columns[at]
    if (made?.key === undefined || column === undefined || Object.hasOwn(given, column)) continue
    above.push(made.statement)
    keys.push(made.key)
    given[column] = made.key.value
  }
  const row = await alone(scene, actor, relation, given)
  if (row === undefined) return undefined
  return { statements: [...above, row.statement], keys: [...(row.key === undefined ? [] : [row.key]), ...keys] }
}

async function alone(
  scene: Scene,
  actor: Actor,
  relation: Relation,
  given: Readonly<Record<string, string>>,
): Promise<{ readonly statement: string; readonly key: MadeKey | undefined } | undefined> {
  const rights = await scene.rights.of(actor, relation)
  if (rights.insert.length === 0) return undefined
  const owned = await scene.facts.owned(relation, actor)
  const like = owned.count > 0 ? aims(relation, actor, owned)[0] : undefined
  const key = madeKey(relation, rights.insert, given)
  const keyed = new Set(relation.keys.flatMap(({ columns }) => columns))
  const whose = tenantColumns(relation)
  const open = relation.columns.filter(
    ({ name, notNull, hasDefault, generated }) =>
      rights.insert.includes(name) &&
      !keyed.has(name) &&
      !whose.includes(name) &&
      !generated &&
      (!notNull || hasDefault),
  )
  const [own] = actor.keys
  const { tenancy } = relation
  const isSaid =
    like === undefined && tenancy.by === "column" && own !== undefined && rights.insert.includes(tenancy.column.name)
  const set = {
    ...Object.fromEntries(open.map(({ name }): [string, string] => [name, "default"])),
    ...(isSaid ? { [tenancy.column.name]: `${quoteLiteral(own)}::${tenancy.column.base}` } : {}),
    ...(key === undefined ? {} : { [key.column.name]: key.value }),
    ...given,
  }
  const statement = insertStatement({ relation, rights, like, set })
  return statement === undefined ? undefined : { statement, key }
}

/** Of the primary key's columns the last one that is neither the tenant nor a reference, and that the actor may choose. */
function madeKey(
  relation: Relation,
  insert: readonly string[],
  given: Readonly<Record<string, string>>,
): MadeKey | undefined {
  const foreign = new Set(relation.keys.filter(({ kind }) => kind === "f").flatMap(({ columns }) => columns))
  const whose = tenantColumns(relation)
  const [column] = (primaryKey(relation)?.columns ?? [])
    .filter(
      (name) => insert.includes(name) && !foreign.has(name) && !whose.includes(name) && !Object.hasOwn(given, name),
    )
    .flatMap((name) => columnOf(relation, name) ?? [])
    .filter(({ generated, identity }) => !generated && identity !== "a")
    .toReversed()
  const value = column === undefined ? undefined : freshValue(column)
  return column === undefined || value === undefined ? undefined : { relation, column, value }
}

/** A call with the keys of what was made, by the argument's name and else by its type; undefined where none fits. */
export function callWith(one: Routine, { keys }: Staged, others: readonly string[]): string | undefined {
  const needed = one.arguments.filter(({ optional, out }) => !optional && !out)
  const chosen = needed.map((arg) => keyFor(arg, keys))
  if (needed.length > 0 && chosen.every((value) => value === undefined)) return undefined
  return callText(
    one,
    needed.map((arg, at) => chosen[at] ?? others[at] ?? `null::${arg.type}`),
  )
}

function keyFor({ name, base, type }: Argument, keys: readonly MadeKey[]): string | undefined {
  const wanted = plainName(name).replace(/_?(id|uuid|key|no)s?$/, "")
  const fitting = keys.filter(({ column }) => column.base === base || (isWhole(column.base) && isWhole(base)))
  const named = fitting.find(({ relation }) => wanted !== "" && labelOf(relation).toLowerCase().includes(wanted))
  const found = named ?? fitting[0]
  return found && `(${found.value})::${type}`
}

const isWhole = (type: string): boolean => /^(smallint|integer|bigint)$/.test(type)
