import { type ConsentRule, quoteIdent, quoteLiteral } from "@wardkeep/core"
import { type ExtensionInput, type Managed, qualified, referred, type ScopedTable } from "@wardkeep/postgres/migrate"
import { restrictedRows } from "./restricted-rows.js"
import { sqlFunction } from "./sql-function.js"

/** A table with rows about a person, and which rows those are; the row is `c`. */
interface About {
  readonly entry: ScopedTable
  readonly where: string
}

const args = "of_tenant text, of_branch text, of_subject text"

/**
 * What is held about one person, how it is destroyed, and a query of another form that looks whether anything is left. For the owner.
 */
export function aboutPeople({ policy, tables }: ExtensionInput, rule: ConsentRule): Managed[] {
  const about = childrenFirst(tablesAbout(tables, rule))
  return [
    everybody(tables, rule),
    peopleTable(rule),
    heldRows(about),
    destroyRows(about),
    leftRows(tables, rule, about),
    restrictedRows(policy, tables),
  ]
}

function tablesAbout(tables: readonly ScopedTable[], rule: ConsentRule): About[] {
  const level = tables.find(({ table }) => table.name === rule.subjects)?.level
  const found = new Map<string, About>()
  for (const entry of tables) {
    const { subject } = entry.rule
    if (subject === undefined || entry.level !== level || entry.table.partitionOf !== null) continue
    const type = entry.table.columns.get(subject)?.type ?? "text"
    const where = [...scope(entry), `c.${quoteIdent(subject)} = of_subject::${type}`].join(" and ")
    found.set(entry.table.name, { entry, where })
  }
  // A row may belong to one that belongs to one about a person.
  for (let before = -1; before < found.size; ) {
    before = found.size
    for (const entry of tables) {
      const parent = entry.through === null ? undefined : found.get(entry.through.parent)
      if (parent === undefined || found.has(entry.table.name) || entry.table.partitionOf !== null) continue
      const of = `select c.* from ${qualified(parent.entry.table.name)} c where ${parent.where}`
      const mine = `p.${quoteIdent(referred(entry, parent.entry))} = c.${quoteIdent(entry.through?.by ?? "")}`
      const where = [...scope(entry), `exists (select from (${of}) p where ${mine})`].join(" and ")
      found.set(entry.table.name, { entry, where })
    }
  }
  return [...found.values()]
}

function scope({ tenant, branch }: ScopedTable): string[] {
  return [
    ...(tenant === null ? [] : [`c.${quoteIdent(tenant.column)} = of_tenant::${tenant.type}`]),
    ...(branch === null ? [] : [`c.${quoteIdent(branch.column)} = of_branch::${branch.type}`]),
  ]
}

function childrenFirst(about: readonly About[]): About[] {
  const byName = new Map(about.map((one) => [one.entry.table.name, one]))
  const ordered: About[] = []
  const visit = (one: About, path: readonly string[]): void => {
    const { name, constraints } = one.entry.table
    if (ordered.includes(one) || path.includes(name)) return
    const keys = constraints.filter(({ type }) => type === "f").map(({ parent }) => parent)
    for (const parent of [...keys, one.entry.through?.parent]) {
      const found = parent === undefined || parent === null ? undefined : byName.get(parent)
      if (found !== undefined) visit(found, [...path, name])
    }
    ordered.push(one)
  }
  for (const one of about) visit(one, [])
  return ordered.reverse()
}

/** Under FORCE the owner reads what the caller's context may see. */
function everybody(tables: readonly ScopedTable[], rule: ConsentRule): Managed {
  const entry = tables.find(({ table }) => table.name === rule.subjects)
  const branch =
    entry?.branch === undefined || entry.branch === null ? "''" : `c.${quoteIdent(entry.branch.column)}::text`
  const body = `returns table (branch text, subject text)
  language sql stable security definer set search_path = pg_catalog, pg_temp as $wk$
  select ${branch}, to_jsonb(c.${quoteIdent(entry?.rule.subject ?? "")}) #>> '{}' from ${qualified(rule.subjects)} c
$wk$`
  return sqlFunction("everybody", "", "lists the people whom a campaign is for", body)
}

function peopleTable({ subjects }: ConsentRule): Managed {
  const body = `returns text
  language sql immutable set search_path = pg_catalog, pg_temp
  return ${quoteLiteral(subjects)}`
  return sqlFunction("people_table", "", "names the table of people as the audit log does", body)
}

function heldRows(about: readonly About[]): Managed {
  const rows = about.map(
    ({ entry, where }) =>
      `${quoteLiteral(entry.table.name)}, (select coalesce(jsonb_agg(to_jsonb(c) - 'wk_consent' - 'wk_consent_until'), '[]') from ${qualified(entry.table.name)} c where ${where})`,
  )
  const body = `returns jsonb
  language plpgsql stable set search_path = pg_catalog, pg_temp as $wk$
begin
  return ${rows.map((row) => `jsonb_build_object(${row})`).join("\n    || ")};
end
$wk$`
  return sqlFunction("held_rows", args, "reads everything that is held about one person", body)
}

function destroyRows(about: readonly About[]): Managed {
  const steps = about.map(
    ({ entry, where }) => `  delete from ${qualified(entry.table.name)} c where ${where};
  get diagnostics n = row_count;
  counts := counts || jsonb_build_object(${quoteLiteral(entry.table.name)}, n);`,
  )
  const body = `returns jsonb
  language plpgsql volatile set search_path = pg_catalog, pg_temp as $wk$
declare
  counts jsonb := '{}';
  n bigint;
begin
${steps.join("\n")}
  return counts;
end
$wk$`
  return sqlFunction("destroy_rows", args, "removes every row about one person, children first", body)
}

/** Keys that occur nowhere else by accident are looked for in every column of every covered table, word tables too. */
function leftRows(tables: readonly ScopedTable[], rule: ConsentRule, about: readonly About[]): Managed {
  const people = tables.find(({ table }) => table.name === rule.subjects)
  const unmistakable = people?.table.columns.get(people.rule.subject ?? "")?.type === "uuid"
  const counted = unmistakable
    ? tables
        .filter(({ table }) => table.partitionOf === null)
        .flatMap(({ table, rule: { search } }) => [table.name, ...(search === undefined ? [] : [`${table.name}_word`])])
        .map((name) => [name, "strpos(to_jsonb(c)::text, of_subject) > 0"] as const)
    : about.map(({ entry, where }) => [entry.table.name, where] as const)
  const counts = counted.map(
    ([name, where]) =>
      `jsonb_build_object(${quoteLiteral(name)}, (select count(*) from ${qualified(name)} c where ${where}))`,
  )
  const body = `returns jsonb
  language plpgsql stable set search_path = pg_catalog, pg_temp as $wk$
begin
  return ${counts.join("\n    || ")};
end
$wk$`
  return sqlFunction("left_rows", args, "counts what is left about one person, by a query of another form", body)
}
