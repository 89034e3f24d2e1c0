import { type Policy, quoteIdent, roleNames } from "@wardkeep/core"
import { fencePolicies } from "./fence.js"
import type { TablePrivileges } from "./privileges.js"
import { type ScopedTable, scopeColumns } from "./scope.js"
import { list, type Managed, qualified } from "./step.js"

/**
 * The word table of a searched table: words and reversed digits under the ordinary fence, kept by statement triggers.
 * `^@` is leakproof, so its index is used ahead of nothing but the fence; LIKE under RLS is 21 times slower (measured).
 */
export function wordTable(policy: Policy, entry: ScopedTable, privileges: readonly TablePrivileges[]): Managed[] {
  const search = entry.rule.search
  if (search === undefined || entry.tenant === null) return []
  const searched = [...search.words, ...search.lastDigits]
  const roles = wordReaders(entry, privileges)
  const name = wordTableName(entry)
  const { owner } = roleNames(policy)
  return [
    tableObject(entry, name),
    ...fencePolicies(worded(entry), name, owner, roles),
    triggerFunction(entry, name, searched),
    ...(["insert", "update", "delete", "truncate"] as const).map((event) => trigger(entry, event)),
  ]
}

/** The word table as its fence sees it: a shared identity is linked by the word table's own column. */
function worded(entry: ScopedTable): ScopedTable {
  const table = { ...entry.table, table: `${entry.table.table}_word` }
  return { ...entry, table, key: keyColumns(entry).map((key) => key.word) }
}

export function wordTableName(entry: ScopedTable): string {
  return `${entry.table.name}_word`
}

/** Roles that may read every searched column may read its words. */
export function wordReaders(entry: ScopedTable, privileges: readonly TablePrivileges[]): string[] {
  const search = entry.rule.search
  const searched = [...(search?.words ?? []), ...(search?.lastDigits ?? [])]
  return privileges
    .filter((p) => p.select !== false && searched.every((column) => !p.hidden.includes(column)))
    .map((p) => p.role)
}

function keyColumns(entry: ScopedTable): { own: string; word: string; type: string }[] {
  const scope = scopeColumns(entry).map(([column]) => column)
  return entry.key
    .filter((column) => !scope.includes(column))
    .map((column) => ({
      own: column,
      word: `${entry.table.table}_${column}`,
      type: entry.table.columns.get(column)?.type ?? "text",
    }))
}

function tableObject(entry: ScopedTable, name: string): Managed {
  const target = qualified(name)
  const scope = scopeColumns(entry)
  const keys = keyColumns(entry)
  const columns = [
    ...scope.map(([column, type]) => `${quoteIdent(column)} ${type} not null`),
    `word text collate "C" not null`,
    ...keys.map((key) => `${quoteIdent(key.word)} ${key.type} not null`),
  ]
  const primary = [...scope.map(([column]) => column), "word", ...keys.map((key) => key.word)]
  const lookup = [...scope.map(([column]) => column), ...keys.map((key) => key.word)]
  return {
    id: `table ${name}`,
    phase: "structure",
    why: "search by word, prefix and last digits without leaving the fence",
    create: [
      `create table ${target} (${columns.join(", ")})`,
      `insert into ${target} ${wordRows(entry, qualified(entry.table.name))}`,
      // After the rows: three million words took 41 s with the indexes in place.
      `alter table ${target} add primary key (${list(primary)})`,
      `create index on ${target} (${list(lookup)})`,
      `alter table ${target} enable row level security, force row level security`,
    ].join(";\n"),
    drop: `drop table if exists ${target} cascade`,
    commentOn: `table ${target}`,
  }
}

/** The rows of the word table for the rows of `source`. */
function wordRows(entry: ScopedTable, source: string): string {
  const search = entry.rule.search
  const scope = scopeColumns(entry).map(([column]) => `n.${quoteIdent(column)}`)
  const keys = keyColumns(entry).map((key) => `n.${quoteIdent(key.own)}`)
  const sources = [
    ...(search?.words ?? []).map((column) => `select wardkeep.words(n.${quoteIdent(column)}::text)`),
    ...(search?.lastDigits ?? []).map((column) => `select wardkeep.digit_word(n.${quoteIdent(column)}::text)`),
  ]
  return `select ${[...scope, "w.word", ...keys].join(", ")} from ${source} n cross join lateral (${sources.join(" union ")}) w(word) where w.word <> '#'`
}

function triggerFunction(entry: ScopedTable, name: string, searched: readonly string[]): Managed {
  const target = qualified(`${entry.table.schema}.wk_${entry.table.table}_words`)
  const word = qualified(name)
  const scope = scopeColumns(entry).map(([column]) => column)
  const same = (left: string, right: string): string =>
    [...scope.map((column) => [column, column]), ...keyColumns(entry).map((key) => [key.word, key.own])]
      .map(([a, b]) => `${left}.${quoteIdent(a ?? "")} = ${right}.${quoteIdent(b ?? "")}`)
      .join(" and ")
  const watched = list([...scope, ...keyColumns(entry).map((key) => key.own), ...searched])
  return {
    id: `function ${entry.table.schema}.wk_${entry.table.table}_words`,
    phase: "support",
    why: `keeps ${name} like ${entry.table.name}`,
    create: `create or replace function ${target}() returns trigger language plpgsql security definer set search_path = pg_catalog, pg_temp as $wk$
begin
  if tg_op = 'TRUNCATE' then
    truncate ${word};
    return null;
  end if;
  if tg_op = 'UPDATE' then
    if not exists (select ${watched} from new_rows except all select ${watched} from old_rows) then
      return null;
    end if;
  end if;
  if tg_op in ('UPDATE', 'DELETE') then
    delete from ${word} w using old_rows o where ${same("w", "o")};
  end if;
  if tg_op in ('INSERT', 'UPDATE') then
    insert into ${word} ${wordRows(entry, "new_rows")} on conflict do nothing;
  end if;
  return null;
end
$wk$;
revoke execute on function ${target}() from public`,
    drop: "select 1",
    commentOn: `function ${target}()`,
  }
}

function trigger(entry: ScopedTable, event: "insert" | "update" | "delete" | "truncate"): Managed {
  const target = qualified(entry.table.name)
  const name = `wk_words_${event}`
  const tables = {
    insert: "referencing new table as new_rows",
    update: "referencing old table as old_rows new table as new_rows",
    delete: "referencing old table as old_rows",
    truncate: "",
  }[event]
  return {
    id: `trigger ${entry.table.name} ${name}`,
    phase: "support",
    why: `keeps the words of ${entry.table.name}`,
    create: `create trigger ${name} after ${event} on ${target} ${tables} for each statement execute function ${qualified(`${entry.table.schema}.wk_${entry.table.table}_words`)}()`,
    drop: `drop trigger if exists ${name} on ${target}`,
    commentOn: `trigger ${name} on ${target}`,
  }
}
