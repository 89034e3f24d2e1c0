import { type Policy, quoteIdent, roleNames } from "@wardkeep/core"
import { databaseRole } from "./actors.js"
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
import { fencePolicies } from "./fence.js"
import type { TablePrivileges } from "./privileges.js"
import { permissive } from "./rule-policies.js"
import { type ScopedTable, scopeColumns } from "./scope.js"
import { list, type Managed, qualified, type Step } from "./step.js"

/**
 * The word table of a searched table: words and reversed digits under the ordinary fence, kept by statement triggers.
 * Comparing text in the collation "C" is leakproof, so the primary key serves inside the fence, for one branch and for
 * many; LIKE under RLS is 21 times slower (measured).
 */
export function wordTable(
  policy: Policy,
  entry: ScopedTable,
  privileges: readonly TablePrivileges[],
  partitions: readonly ScopedTable[] = [],
): Managed[] {
  if (entry.rule.search === undefined || entry.tenant === null) return []
  const name = wordTableName(entry)
  const { owner } = roleNames(policy)
  return [
    tableObject(entry, name),
    ...fencePolicies(worded(entry), name, owner, readerPolicies(policy, entry, name, privileges)),
    triggerFunction(entry),
    ...statementTriggers(companion(entry), partitions),
  ]
}

/** The words of rows that nothing followed; a table that is made is made from all rows. */
export function wordRefills(entry: ScopedTable, partitions: readonly ScopedTable[], standing: Standing): Step[] {
  if (entry.rule.search === undefined || entry.tenant === null) return []
  if (!stands(standing, tableObject(entry, wordTableName(entry)))) return []
  return refills(companion(entry), triggerFunction(entry), partitions, standing)
}

function companion(entry: ScopedTable): Companion {
  return {
    entry,
    name: wordTableName(entry),
    triggers: "wk_words",
    maintain: `${entry.table.schema}.wk_${entry.table.table}_words`,
    why: `keeps the words of ${entry.table.name}`,
    sameRow: (own, row) => sameRow(entry, own, row),
    rows: (from) => wordRows(entry, from),
    calls: ["function wardkeep.words", "function wardkeep.digit_word"],
    forced: true,
  }
}

/** The word table as its fence sees it: a shared identity is linked by the word table's own column. */
function worded(entry: ScopedTable): ScopedTable {
  const table = { ...entry.table, table: `${entry.table.table}_word` }
  return { ...entry, table, key: keyColumns(entry).map((key) => key.word) }
}

export function wordTableName(entry: ScopedTable): string {
  return `${entry.table.name}_word`
}

/**
 * Roles that may read every searched column may read its words; a role that reads some rows only must see the key too,
 * because it is asked about the row of each word. Not confined ones: words name no subject.
 */
export function wordReaders(policy: Policy, entry: ScopedTable, privileges: readonly TablePrivileges[]): string[] {
  return readersOf(policy, entry, privileges).map((p) => p.role)
}

function readersOf(policy: Policy, entry: ScopedTable, privileges: readonly TablePrivileges[]): TablePrivileges[] {
  const confined = new Set(policy.actors.filter((a) => a.confined).map((a) => databaseRole(policy, a)))
  const searched = searchedColumns(entry)
  const key = [...scopeColumns(entry).map(([column]) => column), ...entry.key]
  const visible = (p: TablePrivileges, columns: readonly string[]): boolean =>
    columns.every((column) => !p.hidden.includes(column))
  return privileges.filter(
    (p) => !confined.has(p.role) && p.select !== false && visible(p, searched) && (!asked(entry, p) || visible(p, key)),
  )
}

function searchedColumns({ rule: { search } }: ScopedTable): string[] {
  return [...(search?.words ?? []), ...(search?.lastDigits ?? [])]
}

/** What a tenant may take from a role at run time takes the words along. */
function asked(entry: ScopedTable, privileges: TablePrivileges): boolean {
  return privileges.tied || entry.rule.narrowable?.includes("read") === true
}

/**
 * A word tells of a row, so a role that reads some rows only is asked about the row itself: it runs into the policies of
 * the searched table. The words it looks for have narrowed the rows by then.
 */
function readerPolicies(
  policy: Policy,
  entry: ScopedTable,
  name: string,
  privileges: readonly TablePrivileges[],
): Managed[] {
  const readers = readersOf(policy, entry, privileges)
  const free = readers.filter((p) => !asked(entry, p)).map((p) => p.role)
  const tied = readers.filter((p) => asked(entry, p)).map((p) => p.role)
  const word = quoteIdent(`${entry.table.table}_word`)
  const own = `exists (select from ${qualified(entry.table.name)} n where ${sameRow(entry, word, "n")})`
  return [
    ...(free.length === 0 ? [] : [permissive(name, "select", free)]),
    ...(tied.length === 0 ? [] : [permissive(name, "select", tied, `using (${own})`, "roles that may read some rows")]),
  ]
}

/** A row of the word table and the row it was made from, as a condition. */
function sameRow(entry: ScopedTable, word: string, row: string): string {
  return [...scopeColumns(entry).map(([column]) => ({ word: column, own: column })), ...keyColumns(entry)]
    .map((column) => `${word}.${quoteIdent(column.word)} = ${row}.${quoteIdent(column.own)}`)
    .join(" and ")
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
    drop: `drop table if exists ${target}`,
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
  return `select ${[...scope, "w.word", ...keys].join(", ")} from ${source} n cross join lateral (${sources.join(" union ")}) w(word) where w.word <> '#'${shownRows(entry, "n")}`
}

function triggerFunction(entry: ScopedTable): Managed {
  const { name, maintain } = companion(entry)
  const target = qualified(maintain)
  const word = qualified(name)
  const scope = scopeColumns(entry).map(([column]) => column)
  const columns = list([...scope, ...keyColumns(entry).map((key) => key.own), ...searchedColumns(entry)])
  const watched = `${columns}${shownRows(entry, "n").replace(" and ", ", ")}`
  return {
    id: `function ${maintain}`,
    phase: "support",
    why: `keeps ${name} like ${entry.table.name}`,
    create: `create or replace function ${target}() returns trigger language plpgsql security definer set search_path = pg_catalog, pg_temp as $wk$
begin
  ${givenAway(companion(entry))}if tg_op = 'TRUNCATE' then
    ${truncation(companion(entry))}
  end if;
  if tg_op = 'UPDATE' then
    if not exists (select ${watched} from new_rows n except all select ${watched} from old_rows n) then
      return null;
    end if;
  end if;
  if tg_op in ('UPDATE', 'DELETE') then
    delete from ${word} w using old_rows o where ${sameRow(entry, "w", "o")};
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
