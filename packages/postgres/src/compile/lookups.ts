import { type Lookup, type Policy, quoteIdent, quoteLiteral, roleNames, WardkeepError } from "@wardkeep/core"
import type { ScopedTable } from "./scope.js"
import { list, type Managed, qualified } from "./step.js"

const schema = "wardkeep_lookup"

/**
 * What must be read before a context exists: a narrow copy of the named columns, kept by triggers, reached only
 * through a definer function that returns one row and records the look-up.
 */
export function lookups(policy: Policy, scoped: ReadonlyMap<string, ScopedTable>): Managed[] {
  if (policy.lookups.length === 0) return []
  const { app, issuer } = roleNames(policy)
  const roles = `${quoteIdent(app)}, ${quoteIdent(issuer)}`
  const objects: Managed[] = [
    {
      id: `schema ${schema}`,
      phase: "structure",
      why: "look-ups before a context exists",
      create: `create schema if not exists ${schema};\ngrant usage on schema ${schema} to ${roles}`,
      drop: "select 1",
      commentOn: `schema ${schema}`,
    },
  ]
  for (const lookup of policy.lookups) {
    const entry = scoped.get(lookup.table)
    if (entry === undefined)
      throw new WardkeepError("WK001", {
        message: `lookups.${lookup.name}: ${lookup.table} is unmanaged; read it directly`,
      })
    objects.push(...oneLookup(lookup, entry, roles))
  }
  return objects
}

function oneLookup(lookup: Lookup, entry: ScopedTable, roles: string): Managed[] {
  const table = `${schema}.${lookup.name}_row`
  const target = qualified(table)
  const source = qualified(entry.table.name)
  const type = (column: string): string => entry.table.columns.get(column)?.type ?? "text"
  const copied = [...new Set([...entry.key, ...lookup.returns])]
  const rows = (from: string): string =>
    `select n.${quoteIdent(lookup.by)}::text, ${copied.map((column) => `n.${quoteIdent(column)}`).join(", ")} from ${from} n where n.${quoteIdent(lookup.by)} is not null`
  const maintain = `${schema}.wk_${lookup.name}`
  const sameKey = entry.key.map((column) => `r.${quoteIdent(column)} = o.${quoteIdent(column)}`).join(" and ")
  const body = `begin
  if tg_op = 'TRUNCATE' then
    truncate ${target};
    return null;
  end if;
  if tg_op in ('UPDATE', 'DELETE') then
    delete from ${target} r using old_rows o where ${sameKey};
  end if;
  if tg_op in ('INSERT', 'UPDATE') then
    insert into ${target} ${rows("new_rows")};
  end if;
  return null;
end`
  return [
    {
      id: `table ${table}`,
      phase: "structure",
      why: `look-up ${lookup.name}`,
      create: [
        `create table ${target} (looked_up text not null, ${copied.map((column) => `${quoteIdent(column)} ${type(column)}`).join(", ")}, primary key (${list(entry.key)}))`,
        `create index on ${target} (looked_up)`,
        `alter table ${target} enable row level security`,
        `insert into ${target} ${rows(source)}`,
      ].join(";\n"),
      drop: `drop table if exists ${target} cascade`,
      commentOn: `table ${target}`,
    },
    definer(maintain, `returns trigger language plpgsql volatile`, body, `keeps look-up ${lookup.name}`, []),
    ...(["insert", "update", "delete", "truncate"] as const).map((event) =>
      lookupTrigger(lookup, source, entry.table.name, maintain, event),
    ),
    definer(
      `${schema}.${lookup.name}`,
      `returns table (${lookup.returns.map((column) => `${quoteIdent(column)} ${type(column)}`).join(", ")}) language plpgsql volatile`,
      `#variable_conflict use_column
begin
  insert into wardkeep.activity (kind, detail) values ('lookup', jsonb_build_object('lookup', ${quoteLiteral(lookup.name)}));
  return query select ${lookup.returns.map((column) => `r.${quoteIdent(column)}`).join(", ")} from ${target} r
    where r.looked_up = $1 and 1 = (select count(*) from ${target} s where s.looked_up = $1);
end`,
      `look-up ${lookup.name}: one row by ${lookup.by}, recorded`,
      ["text"],
      roles,
    ),
  ]
}

function definer(
  name: string,
  signature: string,
  body: string,
  why: string,
  args: readonly string[],
  grantTo?: string,
): Managed {
  const target = `${qualified(name)}(${args.join(", ")})`
  const statements = [
    `create or replace function ${target} ${signature} security definer set search_path = pg_catalog, pg_temp as $wk$\n${body}\n$wk$`,
    `revoke execute on function ${target} from public`,
    ...(grantTo === undefined ? [] : [`grant execute on function ${target} to ${grantTo}`]),
  ]
  return {
    id: `function ${name}`,
    phase: "support",
    why,
    create: statements.join(";\n"),
    drop: "select 1",
    commentOn: `function ${target}`,
  }
}

function lookupTrigger(
  lookup: Lookup,
  source: string,
  table: string,
  maintain: string,
  event: "insert" | "update" | "delete" | "truncate",
): Managed {
  const name = `wk_lookup_${lookup.name}_${event}`
  const tables = {
    insert: "referencing new table as new_rows",
    update: "referencing old table as old_rows new table as new_rows",
    delete: "referencing old table as old_rows",
    truncate: "",
  }[event]
  return {
    id: `trigger ${table} ${name}`,
    phase: "support",
    why: `keeps look-up ${lookup.name}`,
    create: `create trigger ${name} after ${event} on ${source} ${tables} for each statement execute function ${qualified(maintain)}()`,
    drop: `drop trigger if exists ${name} on ${source}`,
    commentOn: `trigger ${name} on ${source}`,
  }
}
