import { type Policy, quoteIdent } from "@wardkeep/core"
import { differenceSteps, type Grants, privilegeGrants } from "./grants.js"
import { hiddenMark } from "./hidden-mark.js"
import type { TablePrivileges } from "./privileges.js"
import type { ScopedTable } from "./scope.js"
import { hashOf, list, type Managed, qualified, type Step } from "./step.js"

/**
 * A view of the same shape for a role that may not read every column: `select *` and `returning *` keep working,
 * hidden columns read as NULL, under a mark that plans show: the client refuses predicates on them (WK117). It lives in a
 * schema named like the role, so that the constant path `"$user", …` finds it.
 */
export function sameShapeView(entry: ScopedTable, privileges: TablePrivileges): Managed[] {
  if (privileges.select === false || privileges.hidden.length === 0) return []
  const role = quoteIdent(privileges.role)
  const name = `${privileges.role}.${entry.table.table}`
  const target = `${role}.${quoteIdent(entry.table.table)}`
  const witness = witnessOf(entry, privileges)
  const columns = [...entry.table.columns.values()].map((column) =>
    privileges.hidden.includes(column.name)
      ? `${hiddenMark({ relation: entry.table.name, column: column.name }, column.type, witness)} as ${quoteIdent(column.name)}`
      : quoteIdent(column.name),
  )
  const { insert, update } = onView(privileges)
  const statements = [
    `create view ${target} with (security_invoker = true) as select ${columns.join(", ")} from ${qualified(entry.table.name)}`,
    `grant select on ${target} to ${role}`,
  ]
  // All that a role may write of the table may be hidden from it: then nothing through the view.
  if (insert && insert.length > 0) statements.push(`grant insert (${list(insert)}) on ${target} to ${role}`)
  if (update && update.length > 0) statements.push(`grant update (${list(update)}) on ${target} to ${role}`)
  if (privileges.delete) statements.push(`grant delete on ${target} to ${role}`)
  return [
    {
      id: `view ${name}`,
      phase: "widen",
      why: `${privileges.hidden.length} hidden columns read as NULL`,
      create: statements.join(";\n"),
      drop: `drop view if exists ${target}`,
      commentOn: `view ${target}`,
    },
  ]
}

/** A column that the role reads anyway, of no group where there is one: whoever records views takes it for shown. */
function witnessOf({ table, rule }: ScopedTable, { select, hidden }: TablePrivileges): string {
  const readable = [...(select || table.columns.keys())].filter((column) => !hidden.includes(column))
  const grouped = new Set(Object.values(rule.columns ?? {}).flat())
  return readable.find((column) => !grouped.has(column)) ?? readable[0] ?? ""
}

function onView(privileges: TablePrivileges): TablePrivileges {
  const { insert, update, hidden } = privileges
  const shown = (set: readonly string[] | null | false): readonly string[] | false =>
    set === false || set === null ? false : set.filter((column) => !hidden.includes(column))
  return { ...privileges, select: null, insert: shown(insert), update: shown(update) }
}

export interface RoleView {
  readonly view: Managed
  readonly privileges: TablePrivileges
}

/** A view is for its role; default privileges of the owner, or a grant, give it to others too. */
export function viewGrantSteps(
  policy: Policy,
  views: readonly RoleView[],
  present: ReadonlyMap<string, string>,
  grants: Grants,
): Step[] {
  return views.flatMap(({ view, privileges }) => {
    const name = view.id.slice("view ".length)
    const wanted = privilegeGrants(onView(privileges))
    if (present.get(view.id) === hashOf(view.create))
      return differenceSteps(policy, name, wanted, grants.of(name), "lose")
    const coming = grants.ofNew(name)
    if (coming.length === 0) return []
    // Not before the view is made.
    return differenceSteps(policy, name, wanted, coming, "lose").map((step) => ({ ...step, phase: "widen" as const }))
  })
}

export function viewSchema(role: string): Managed {
  const schema = quoteIdent(role)
  return {
    id: `schema ${role}`,
    phase: "structure",
    why: "same-shape views of this role",
    create: `create schema if not exists ${schema};\ngrant usage on schema ${schema} to ${schema}`,
    drop: "select 1",
    commentOn: `schema ${schema}`,
  }
}
