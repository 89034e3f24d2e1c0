import { quoteIdent } from "@wardkeep/core"
import type { TablePrivileges } from "./privileges.js"
import type { ScopedTable } from "./scope.js"
import { list, type Managed, qualified } from "./step.js"

/**
 * A view of the same shape for a role that may not read every column: `select *` and `returning *` keep working,
 * hidden columns read as NULL. It lives in a schema named like the role, so that the constant path `"$user", …` finds it.
 */
export function sameShapeView(entry: ScopedTable, privileges: TablePrivileges): Managed[] {
  if (privileges.select === false || privileges.hidden.length === 0) return []
  const role = quoteIdent(privileges.role)
  const name = `${privileges.role}.${entry.table.table}`
  const target = `${role}.${quoteIdent(entry.table.table)}`
  const columns = [...entry.table.columns.values()].map((column) =>
    privileges.hidden.includes(column.name)
      ? `null::${column.type} as ${quoteIdent(column.name)}`
      : quoteIdent(column.name),
  )
  const statements = [
    `create view ${target} with (security_invoker = true) as select ${columns.join(", ")} from ${qualified(entry.table.name)}`,
    `grant select on ${target} to ${role}`,
  ]
  const writable = (set: readonly string[]): string => list(set.filter((column) => !privileges.hidden.includes(column)))
  if (privileges.insert !== false && privileges.insert !== null)
    statements.push(`grant insert (${writable(privileges.insert)}) on ${target} to ${role}`)
  if (privileges.update !== false && privileges.update.length > 0)
    statements.push(`grant update (${writable(privileges.update)}) on ${target} to ${role}`)
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
