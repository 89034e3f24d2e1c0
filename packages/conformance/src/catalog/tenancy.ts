import type { Target } from "../target/schema.js"
import type { Catalog } from "./catalog.js"
import { holdsKey } from "./key-text.js"
import { columnOf, isTable, type Key, labelOf, type Relation, type Tenancy } from "./relation.js"

/** How many foreign keys away from the tenant column a table may be. */
const maxSteps = 4

/** Says of every relation whose its rows are: by a column, through a parent, the tenants' own table, global, or unknown. */
export function assignTenancy(catalog: Catalog, target: Target): void {
  const isGlobal = globals(target.global)
  const columns = tenantColumn(catalog, target)
  for (const relation of catalog.relations) {
    const column = columns(relation)
    if (isGlobal(relation)) relation.tenancy = { by: "global" }
    else if (column !== undefined) relation.tenancy = { by: "column", column }
  }
  for (const relation of catalog.relations) markRoots(catalog, relation)
  markSchemas(catalog, target)
  followReferences(catalog)
}

/** Tables that belong to a tenant through those that are known to. */
export function followReferences(catalog: Catalog): void {
  for (let step = 0; step < maxSteps; step++) {
    const found = catalog.relations.flatMap((relation): [Relation, Tenancy][] => {
      const tenancy =
        relation.tenancy.by === "nothing" && isTable(relation) ? throughParent(catalog, relation) : undefined
      return tenancy === undefined ? [] : [[relation, tenancy]]
    })
    for (const [relation, tenancy] of found) relation.tenancy = tenancy
    if (found.length === 0) break
  }
  for (const relation of catalog.relations) markOwnedRows(catalog, relation)
}

/**
 * Schemas whose names differ by the tenant's key alone, as `clinic_north` and `clinic_south` do. Where a table in one of
 * them has a tenant column, it is not said here that the schema tells tenants apart: rows may say something else.
 */
function markSchemas({ relations }: Catalog, { tenants }: Target): void {
  const keys = tenants.flatMap(({ key }) => key ?? [])
  for (const { schema, key, twins } of schemasByKey(relations, keys)) {
    if (relations.some((one) => twins.has(one.schema) && one.tenancy.by === "column")) continue
    for (const relation of relations.filter((one) => one.schema === schema && one.tenancy.by === "nothing")) {
      relation.tenancy = { by: "schema", key }
    }
  }
}

export interface SchemaByKey {
  readonly schema: string
  readonly key: string
  /** It and those that are called so after other tenants. */
  readonly twins: ReadonlySet<string>
}

export function schemasByKey(relations: readonly Relation[], tenantKeys: readonly string[]): SchemaByKey[] {
  const keys = ownParts(tenantKeys)
  const named = [...new Set(relations.map(({ schema }) => schema))].flatMap((schema) =>
    keys
      .filter(({ part }) => holdsKey(schema.replaceAll("_", " "), [part.replaceAll("_", " ")]))
      .map(({ key, part }) => ({ schema, key, form: schema.replace(part, "") })),
  )
  return named.flatMap(({ schema, key, form }) => {
    const others = named.filter((other) => other.form === form && other.key !== key)
    const isOnes = named.filter((other) => other.schema === schema).length === 1
    if (others.length === 0 || !isOnes) return []
    return [{ schema, key, twins: new Set([schema, ...others.map((other) => other.schema)]) }]
  })
}

/** Keys that are roles often begin alike, `app_north` and `app_south`, where the schemas begin with something else. */
function ownParts(keys: readonly string[]): { readonly key: string; readonly part: string }[] {
  const whole = keys.map((key) => ({ key, part: key }))
  const [first = "", ...others] = keys
  const words = first.split("_").slice(0, -1)
  const shared = words.map((_, at) => `${words.slice(0, at + 1).join("_")}_`)
  const prefix = shared.findLast((text) => others.length > 0 && others.every((key) => key.startsWith(text))) ?? ""
  const parts = keys.map((key) => ({ key, part: key.slice(prefix.length) }))
  return prefix === "" || parts.some(({ part }) => part.length < 3) ? whole : [...whole, ...parts]
}

/** A row to which one row of a tenant refers and no second one can, such as the card of a patient. */
function markOwnedRows({ relations }: Catalog, child: Relation): void {
  if (!["column", "parent", "derived"].includes(child.tenancy.by)) return
  for (const key of child.keys.filter(({ kind }) => kind === "f")) {
    const parent = relations.find(({ oid }) => oid === key.parent)
    if (parent?.tenancy.by === "nothing" && isTable(parent) && isUnique(child, key)) {
      parent.tenancy = { by: "child", key, child }
    }
  }
}

const isUnique = ({ keys }: Relation, { columns }: Key): boolean =>
  keys.some(
    (key) =>
      (key.kind === "p" || key.kind === "u") &&
      !key.hasExpression &&
      !/\sWHERE\s/i.test(key.definition) &&
      key.columns.length === columns.length &&
      key.columns.every((name) => columns.includes(name)),
  )

function globals(names: readonly string[]): (relation: Relation) => boolean {
  const set = new Set(names)
  return (relation) => set.has(labelOf(relation)) || set.has(relation.name)
}

/** As the target says; where it says nothing, by name. */
function tenantColumn(catalog: Catalog, { tenantColumns }: Target) {
  const listed: readonly string[] = Array.isArray(tenantColumns) ? tenantColumns : []
  const mapped = Array.isArray(tenantColumns) ? {} : tenantColumns
  const silent = listed.length === 0 && Object.keys(mapped).length === 0
  const names = silent ? guessTenantColumns(catalog) : [...listed, ...sharedNames(Object.values(mapped))]
  return (relation: Relation) => {
    const own = mapped[labelOf(relation)] ?? mapped[relation.name]
    if (own !== undefined) return columnOf(relation, own)
    return names.map((name) => columnOf(relation, name)).find((column) => column !== undefined)
  }
}

/** A map speaks of its own tables; a name that several of them use is the tenant's elsewhere too, and `id` of one is not. */
const sharedNames = (names: readonly string[]): string[] => [
  ...new Set(names.filter((name, place) => names.indexOf(name) !== place || tenantWords.test(name))),
]

export const tenantWords =
  /^(tenant|branch|clinic|org|organi[sz]ation|hospital|practice|facility|site|account|company|workspace|centre|center|location)(_?(id|uuid|key|code|slug|no))?$/i

/** Columns whose name says so, the most frequent first. */
export function guessTenantColumns(catalog: Catalog): string[] {
  const uses = new Map<string, number>()
  for (const { name } of catalog.relations.filter(isTable).flatMap(({ columns }) => columns)) {
    if (tenantWords.test(name)) uses.set(name, (uses.get(name) ?? 0) + 1)
  }
  return [...uses].sort(([a, n], [b, m]) => m - n || (a < b ? -1 : 1)).map(([name]) => name)
}

/** A table that tenant columns refer to is the table of tenants. */
function markRoots(catalog: Catalog, relation: Relation): void {
  if (relation.tenancy.by !== "column") return
  const { name } = relation.tenancy.column
  for (const key of relation.keys) {
    if (key.kind !== "f" || key.columns.length !== 1 || key.columns[0] !== name || key.parent === null) continue
    const parent = catalog.byOid(key.parent)
    const column = parent && columnOf(parent, key.parentColumns?.[0] ?? "")
    if (parent?.tenancy.by === "nothing" && column !== undefined) parent.tenancy = { by: "root", column }
  }
}

function throughParent(catalog: Catalog, relation: Relation): Tenancy | undefined {
  const keys = relation.keys.filter(({ kind, parent }) => kind === "f" && parent !== null && parent !== relation.oid)
  const surest = [...keys].sort((a, b) => rank(relation, a) - rank(relation, b))
  for (const key of surest) {
    const parent = catalog.byOid(key.parent ?? "")
    if (["column", "parent", "derived"].includes(parent?.tenancy.by ?? "") && parent)
      return { by: "parent", key, parent }
  }
  return undefined
}

/** Keys that are never null first: they own the row. */
function rank(relation: Relation, key: Key): number {
  const never = key.columns.every((name) => columnOf(relation, name)?.notNull)
  return (never ? 0 : 2) + (key.onDelete === "c" ? 0 : 1)
}
