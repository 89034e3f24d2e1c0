import { type Policy, quoteIdent, quoteLiteral } from "@wardkeep/core"
import { type Managed, qualified, referred, restrictedThrough, type ScopedTable } from "@wardkeep/postgres/migrate"
import { sqlFunction } from "./sql-function.js"

/** For each table whose rows belong to rows about people: the rows they belong to of whoever is restricted. */
export function restrictedRows(policy: Policy, tables: readonly ScopedTable[]): Managed {
  const byName = new Map(tables.map((entry) => [entry.table.name, entry]))
  const whole = tables.filter((e) => e.table.partitionOf === null && restrictedThrough(policy, e.table.name))
  const branches = whole.map(
    (entry) =>
      `  if of_table = ${quoteLiteral(entry.table.name)} then return query ${parentsOf(policy, byName, entry)}; end if;`,
  )
  const body = `returns table (tenant text, branch text, key text)
  language plpgsql stable set search_path = pg_catalog, pg_temp as $wk$
#variable_conflict use_column
begin
${branches.join("\n")}
end
$wk$`
  return sqlFunction("restricted_rows", "of_table text", "finds what belongs to whoever is restricted", body)
}

function parentsOf(policy: Policy, byName: ReadonlyMap<string, ScopedTable>, entry: ScopedTable): string {
  const parent = byName.get(entry.through?.parent ?? "")
  if (parent === undefined) return "select null::text, null::text, null::text where false"
  const column = (name: string): string => `c.${quoteIdent(name)}`
  const key = column(referred(entry, parent))
  const [tenant, branch] = [parent.tenant, parent.branch]
  const shown = [tenant, branch].map((place) => (place === null ? "''::text" : `${column(place.column)}::text`))
  const same = [
    ...(tenant === null ? [] : [`${column(tenant.column)} = h.tenant::${tenant.type}`]),
    ...(branch === null ? [] : [`${column(branch.column)} = h.branch::${branch.type}`]),
  ]
  const { subject } = parent.rule
  const own = subject ?? parent.through?.by ?? ""
  const type = parent.table.columns.get(own)?.type ?? "text"
  const from =
    subject === undefined
      ? `(${parentsOf(policy, byName, parent)}) h(tenant, branch, subject)`
      : "(select r.tenant, r.branch, r.subject from wardkeep_consent.reach r where r.restricted) h"
  const on = [...same, `${column(own)} = h.subject::${type}`].join(" and ")
  return `select ${[...shown, `${key}::text`].join(", ")} from ${from} join ${qualified(parent.table.name)} c on ${on}`
}
