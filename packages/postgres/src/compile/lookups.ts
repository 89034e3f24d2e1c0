import { type Lookup, type Policy, quoteIdent, quoteLiteral, roleNames, WardkeepError } from "@wardkeep/core"
import {
  type Companion,
  givenAway,
  refills,
  type Standing,
  stands,
  statementTriggers,
  truncation,
} from "./companion-triggers.js"
import { shownRows } from "./consent-wall.js"
import { partitionsOf, type ScopedTable } from "./scope.js"
import { list, type Managed, qualified, type Step } from "./step.js"

const schema = "wardkeep_lookup"

/**
 * What must be read before a context exists: a narrow copy of the named columns, kept by triggers, reached only
 * through a definer function that returns one row and records the look-up.
 *
 * @throws WK001 a look-up in a table that is `unmanaged`
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
    objects.push(...oneLookup(lookup, entry, roles, partitionsOf(entry)))
  }
  return objects
}

/** The copies of rows that nothing followed. */
export function lookupRefills(policy: Policy, scoped: ReadonlyMap<string, ScopedTable>, standing: Standing): Step[] {
  return policy.lookups.flatMap((lookup) => {
    const entry = scoped.get(lookup.table)
    if (entry === undefined || !stands(standing, copy(lookup, entry))) return []
    const kept = companion(lookup, entry)
    return refills(kept, maintainer(kept), partitionsOf(entry), standing)
  })
}

function companion(lookup: Lookup, entry: ScopedTable): Companion {
  const copied = copiedColumns(lookup, entry).map((column) => `n.${quoteIdent(column)}`)
  const by = `n.${quoteIdent(lookup.by)}`
  return {
    entry,
    name: `${schema}.${lookup.name}_row`,
    triggers: `wk_lookup_${lookup.name}`,
    maintain: `${schema}.wk_${lookup.name}`,
    why: `keeps look-up ${lookup.name}`,
    sameRow: (own, row) =>
      entry.key.map((column) => `${own}.${quoteIdent(column)} = ${row}.${quoteIdent(column)}`).join(" and "),
    rows: (from) =>
      `select ${by}::text, ${copied.join(", ")} from ${from} n where ${by} is not null${shownRows(entry, "n")}`,
    calls: [],
    forced: false,
  }
}

function copiedColumns(lookup: Lookup, entry: ScopedTable): string[] {
  return [...new Set([...entry.key, ...lookup.returns])]
}

function copy(lookup: Lookup, entry: ScopedTable): Managed {
  const { name, rows } = companion(lookup, entry)
  const target = qualified(name)
  const type = (column: string): string => entry.table.columns.get(column)?.type ?? "text"
  const columns = copiedColumns(lookup, entry).map((column) => `${quoteIdent(column)} ${type(column)}`)
  return {
    id: `table ${name}`,
    phase: "structure",
    why: `look-up ${lookup.name}`,
    create: [
      `create table ${target} (looked_up text not null, ${columns.join(", ")}, primary key (${list(entry.key)}))`,
      `create index on ${target} (looked_up)`,
      `alter table ${target} enable row level security`,
      `insert into ${target} ${rows(qualified(entry.table.name))}`,
    ].join(";\n"),
    drop: `drop table if exists ${target}`,
    commentOn: `table ${target}`,
  }
}

function maintainer(kept: Companion): Managed {
  const target = qualified(kept.name)
  const body = `begin
  ${givenAway(kept)}if tg_op = 'TRUNCATE' then
    ${truncation(kept)}
  end if;
  if tg_op in ('UPDATE', 'DELETE') then
    delete from ${target} r using old_rows o where ${kept.sameRow("r", "o")};
  end if;
  if tg_op in ('INSERT', 'UPDATE') then
    insert into ${target} ${kept.rows("new_rows")};
  end if;
  return null;
end`
  return definer(kept.maintain, "returns trigger language plpgsql volatile", body, kept.why, [])
}

function oneLookup(lookup: Lookup, entry: ScopedTable, roles: string, partitions: readonly ScopedTable[]): Managed[] {
  const kept = companion(lookup, entry)
  const target = qualified(kept.name)
  const type = (column: string): string => entry.table.columns.get(column)?.type ?? "text"
  return [
    copy(lookup, entry),
    maintainer(kept),
    ...statementTriggers(kept, partitions),
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
