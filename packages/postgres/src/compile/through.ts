import { quoteIdent, quoteLiteral, WardkeepError } from "@wardkeep/core"
import { type ScopedTable, scopeColumns } from "./scope.js"
import { list, qualified, type Step } from "./step.js"

type Scoped = ReadonlyMap<string, ScopedTable>

/** The parent's scope columns, copied to a `through` table that has them not. */
export function addThroughColumns(entry: ScopedTable, missing: readonly [string, string][], scoped: Scoped): Step {
  const parent = parentOf(entry, scoped)
  const [child, theirs] = [qualified(entry.table.name), qualified(parent.table.name)]
  const add = missing.map(([column, type]) => `add column ${quoteIdent(column)} ${type}`).join(", ")
  const set = missing.map(([column]) => `${quoteIdent(column)} = p.${quoteIdent(column)}`).join(", ")
  // The parent may already be FORCEd; NO FORCE lets the owner see every row inside this transaction only.
  return {
    phase: "structure",
    object: entry.table.name,
    why: `carries the scope of ${parent.table.name}`,
    sql: [
      `alter table ${child} ${add}`,
      `alter table ${theirs} no force row level security`,
      ...oneParent(entry, parent, missing),
      `update ${child} c set ${set} from ${theirs} p where ${sameParent(entry, parent)}`,
      `alter table ${theirs} ${parent.table.forced ? "" : "no "}force row level security`,
    ].join(";\n"),
  }
}

/** The rows of a `through` table that no row of its parent answers for, as a query. */
export function orphans(entry: ScopedTable, scoped: Scoped): string {
  const parent = parentOf(entry, scoped)
  return `select * from ${qualified(entry.table.name)} c where not exists (select from ${qualified(parent.table.name)} p where ${sameParent(entry, parent)})`
}

/**
 * The one column of the parent's key that is not its scope: what a `through` column refers to.
 *
 * @throws WK008 it has none, or several
 */
export function ownKey(parent: ScopedTable): string {
  const scope = scopeColumns(parent).map(([column]) => column)
  const [own, ...more] = parent.key.filter((column) => !scope.includes(column))
  if (own === undefined) throw new WardkeepError("WK008", { message: `${parent.table.name} needs a primary key` })
  if (more.length === 0) return own
  throw new WardkeepError("WK008", {
    message: `${parent.table.name} is known by ${[own, ...more].join(", ")} together: one column of another table cannot say which row it belongs to`,
    hint: "Declare the foreign key with all of its columns, or give the table its scope columns and the scope 'branch' or 'tenant'.",
  })
}

function parentOf(entry: ScopedTable, scoped: Scoped): ScopedTable {
  const parent = entry.through === null ? undefined : scoped.get(entry.through.parent)
  if (parent === undefined) throw new WardkeepError("WK901")
  return parent
}

/** What the host's foreign key says, else the parent's own key; and whatever scope the row has already. */
function pairs(entry: ScopedTable, parent: ScopedTable): [mine: string, theirs: string][] {
  const by = entry.through?.by ?? ""
  const declared = entry.table.constraints.find(
    (k) => k.type === "f" && k.parent === parent.table.name && k.columns.includes(by),
  )
  const found: [string, string][] =
    declared === undefined
      ? [[by, ownKey(parent)]]
      : declared.columns.map((column, index) => [column, declared.parentColumns[index] ?? ""])
  const scope = scopeColumns(parent).map(([column]) => column)
  const known = scopeColumns(entry)
    .map(([column]) => column)
    .filter((column) => !entry.added.includes(column) && scope.includes(column))
    .filter((column) => !found.some(([mine, theirs]) => mine === column && theirs === column))
  return [...found, ...known.map((column): [string, string] => [column, column])]
}

function sameParent(entry: ScopedTable, parent: ScopedTable): string {
  return pairs(entry, parent)
    .map(([mine, theirs]) => `p.${quoteIdent(theirs)} = c.${quoteIdent(mine)}`)
    .join(" and ")
}

/** Ids that repeat from one tenant to the next would make a row of one tenant a row of another, for good. */
function oneParent(entry: ScopedTable, parent: ScopedTable, missing: readonly [string, string][]): string[] {
  const named = [...new Set(pairs(entry, parent).map(([, theirs]) => theirs))]
  if (parent.table.wholeUniques.some((unique) => unique.every((column) => named.includes(column)))) return []
  const [child, theirs] = [qualified(entry.table.name), qualified(parent.table.name)]
  const same = sameParent(entry, parent)
  const columns = missing.map(([column]) => column).join(" and ")
  const query = `select * from ${child} c where (select count(*) from ${theirs} p where ${same}) > 1`
  const message = `${entry.table.name}: rows fit more than one row of ${parent.table.name}, whose ${named.join(", ")} repeats: ${query}`
  const hint = `Nothing was changed. Add ${columns} to ${entry.table.name} yourself, fill them from what you know of each row, and run again.`
  const body = `begin
  if exists (select from ${child} c join (select ${list(named)} from ${theirs} group by ${list(named)} having count(*) > 1) p on ${same}) then
    raise exception using errcode = 'WK304', message = ${quoteLiteral(message)}, hint = ${quoteLiteral(hint)};
  end if;
end`
  return [`do ${quoteLiteral(body)}`]
}

/** The parent's column that a row of `through` refers to; the same before and after the plan made the keys: a plan must not find its own work undone. */
export function referred({ table, through }: ScopedTable, parent: ScopedTable): string {
  const by = through?.by ?? ""
  const declared = table.constraints.find(
    (k) => k.type === "f" && k.parent === parent.table.name && k.columns.includes(by),
  )
  return declared?.parentColumns[declared.columns.indexOf(by)] ?? ownKey(parent)
}
