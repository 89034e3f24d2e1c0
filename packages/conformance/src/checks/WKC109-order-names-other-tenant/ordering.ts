import { quoteIdent, quoteLiteral } from "@wardkeep/core"
import { type Column, labelOf, quoted } from "../../catalog/relation.js"
import type { Transaction } from "../../database/transaction.js"
import type { Routine } from "../../probe/argument.js"
import type { Ground } from "../../probe/ground.js"
import { hidden } from "../../probe/hidden.js"
import { insertStatement } from "../../probe/insertion.js"
import { ownRow } from "../../probe/natural-key.js"
import { callText } from "../../probe/routine.js"
import { keyColumn } from "../../probe/row-keys.js"

/** Not done yet: whatever may be left empty is. */
export function orderNaming(ground: Ground, column: Column, value: string): string | undefined {
  const { relation, rights, attacker } = ground
  const like = ownRow(ground)
  const [key] = attacker.keys
  const { tenancy } = relation
  const open = relation.columns.filter(
    ({ name, notNull, hasDefault, generated }) =>
      name !== column.name && rights.insert.includes(name) && !generated && (!notNull || hasDefault),
  )
  const tenant = tenancy.by === "column" ? tenancy.column : undefined
  const empty = open.filter(({ name }) => name !== tenant?.name).map(({ name }): [string, string] => [name, "default"])
  const isSaid = tenant !== undefined && key !== undefined && like === undefined && rights.insert.includes(tenant.name)
  const whose = isSaid ? { [tenant.name]: `${quoteLiteral(key)}::${tenant.base}` } : {}
  return insertStatement({
    relation,
    rights,
    like,
    set: { ...Object.fromEntries(empty), ...whose, [column.name]: value },
  })
}

/** With nothing, or with the key of the order. */
export async function callOn(
  tx: Transaction,
  { relation }: Ground,
  one: Routine,
  column: Column,
  value: string,
): Promise<string | undefined> {
  const [arg] = one.arguments.filter(({ optional }) => !optional)
  if (arg === undefined) return callText(one, [])
  const key = keyColumn(relation, arg.base)
  if (key === undefined) return undefined
  const { rows } = await tx.attempt(
    `select wk_row.${quoteIdent(key)}::text as id from ${quoted(relation)} as wk_row where wk_row.${quoteIdent(column.name)} = ${value} order by wk_row.ctid desc limit 1`,
  )
  const id = rows[0]?.id
  return typeof id === "string"
    ? callText(one, [`${hidden(id, `${labelOf(relation)}.${key}`)}::${arg.type}`])
    : undefined
}
