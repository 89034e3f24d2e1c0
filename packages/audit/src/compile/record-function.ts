import { createHash } from "node:crypto"
import { type Policy, quoteIdent, quoteLiteral } from "@wardkeep/core"
import { list, type Managed, qualified, type ScopedTable, wallColumns } from "@wardkeep/postgres/migrate"
import { nameRole, roleOfRow } from "./allowed-as.js"

/** `relation` is the root's name; a partition's rows are recorded under it. */
export function functionName(relation: string): string {
  const name = `on_${relation}`
  return name.length <= 63 ? name : `on_${createHash("sha256").update(relation).digest("hex").slice(0, 40)}`
}

/** The function that the triggers of one table call. One statement per verb, so that its plan is cached. */
export function recordFunction(policy: Policy, entry: ScopedTable): Managed {
  const name = functionName(entry.table.name)
  const target = `wardkeep_audit.${quoteIdent(name)}`
  return {
    id: `function wardkeep_audit.${name}`,
    phase: "support",
    why: `records what is written to ${entry.table.name}`,
    create: `create or replace function ${target}() returns trigger language plpgsql security definer set search_path = pg_catalog, pg_temp as $wk$
#variable_conflict use_column
<<wk>>
declare
  c wardkeep.token;
  written bigint;${entry.branch === null ? "\n  one_branch text;" : ""}
begin
  -- Nearly always there, and of the row what is told; context() tells the owner from who is refused, at the price of calls.
  select t.tenant, t.branches, t.actor, t.role, t.purpose, t.session_id
    into c.tenant, c.branches, c.actor, c.role, c.purpose, c.session_id from wardkeep.in_force() t;
  if c.tenant is null then
    c := wardkeep_audit.context();
  end if;${entry.branch === null ? "\n  one_branch := wardkeep_audit.one_branch(c);" : ""}
  if tg_op = 'INSERT' then
    ${nameRole(policy, entry, "create")}${recordSql(policy, entry, "create")};
    ${requireWritten(entry, "create")}
  elsif tg_op = 'UPDATE' then
    ${nameRole(policy, entry, "update")}${recordSql(policy, entry, "update")};
    ${requireWritten(entry, "update")}
  else
    ${nameRole(policy, entry, "delete")}${recordSql(policy, entry, "delete")};
    ${requireWritten(entry, "delete")}
  end if;
  return null;
end
$wk$;
revoke execute on function ${target}() from public`,
    drop: "select 1",
    commentOn: `function ${target}()`,
  }
}

type Verb = "create" | "update" | "delete"

/** The rows of one verb, as `o` and `n`. */
function changedRows(entry: ScopedTable, verb: Verb): string {
  const isNumbered = verb === "update" && entry.key.length === 0
  const [old, now] = [rowsOf(entry, "old_rows", "o", isNumbered), rowsOf(entry, "new_rows", "n", isNumbered)]
  return { create: now, delete: old, update: pairedRows(entry, old, now) }[verb]
}

/**
 * A rule or a trigger on the log that swallows an event fails the write. As many events as rows is what nearly every statement
 * leaves; an update of which some rows are as they were, or have another key, is counted row by row.
 */
function requireWritten(entry: ScopedTable, verb: Verb): string {
  const rows = verb === "delete" ? "old_rows" : "new_rows"
  const refuse = "perform wardkeep_audit.refuse_unwritten();"
  const exactly = `if wk.written <> (select count(*) from ${changedRows(entry, verb)} where ${anyDiffers(entry)}) then ${refuse} end if;`
  return `get diagnostics written = row_count;
    if wk.written <> (select count(*) from ${rows}) then ${verb === "update" ? exactly : refuse} end if;`
}

function recordSql(policy: Policy, entry: ScopedTable, verb: Verb): string {
  const value = (column: string): string => {
    const name = quoteIdent(column)
    return verb === "create"
      ? `n.${name}::text`
      : verb === "delete"
        ? `o.${name}::text`
        : `coalesce(n.${name}::text, o.${name}::text)`
  }
  const { subject } = entry.rule
  const tenant =
    entry.tenant === null
      ? "coalesce(c.tenant, '')"
      : `case when c.tenant is null or ${value(entry.tenant.column)} = c.tenant then ${value(entry.tenant.column)} else wardkeep_audit.refuse_tenant() end`
  const branch = entry.branch === null ? "wk.one_branch" : value(entry.branch.column)
  const role = roleOfRow(policy, entry, verb, (columns) => columns.map((column) => differs(column, verb)).join(" or "))
  return `insert into wardkeep_audit.event (tenant, branch, actor, role, purpose, session, request, verb, relation, record, subject, groups, detail)
    select ${tenant}, ${branch}, c.actor, ${role}, c.purpose, c.session_id, nullif(current_setting('wardkeep.request', true), ''), '${verb}', ${quoteLiteral(entry.table.name)},
      ${recordKey(entry, value)}, ${subject === undefined ? "null" : value(subject)}, ${touchedGroups(entry, verb)}, ${changes(entry, verb)}
      from ${changedRows(entry, verb)}${verb === "update" ? ` where ${anyDiffers(entry)}` : ""}`
}

/**
 * The rows of a transition table with every column that this function was made for. A column that was dropped since
 * resolves to the scope outside, where it is null: a migration of the host stops no write before the next apply.
 * Numbered, equal rows are told apart, so that each has one partner at most.
 */
function rowsOf(entry: ScopedTable, rows: "old_rows" | "new_rows", alias: string, isNumbered = false): string {
  const columns = [...entry.table.columns.keys()].map(quoteIdent)
  const missing = `(values (${columns.map(() => "null::text").join(", ")})) missing(${columns.join(", ")})`
  const number = isNumbered ? ", row_number() over (partition by s::text) as wk_twin" : ""
  return `(select s.*${number} from ${missing} cross join lateral (select ${columns.join(", ")} from ${rows}) s) ${alias}`
}

/**
 * Old and new row of one record. A row whose key changed has no partner: it is recorded under the old key with what it was
 * and under the new key with what it is, and so are the changed rows of a table without a key. A row that was one person's
 * and is another's has none either, so that no event about one of them tells of the other.
 */
function pairedRows(entry: ScopedTable, old: string, now: string): string {
  const same =
    entry.key.length === 0
      ? ["o::text = n::text"]
      : entry.key.map((column) => `o.${quoteIdent(column)}::text = n.${quoteIdent(column)}::text`)
  const { subject } = entry.rule
  if (subject !== undefined && entry.key.length > 0 && !entry.key.includes(subject)) {
    const [was, is] = ["o", "n"].map((row) => `${row}.${quoteIdent(subject)}`)
    same.push(`(${was} is null or ${is} is null or ${was}::text = ${is}::text)`)
  }
  return `${old} full join ${now} on ${same.join(" and ")}`
}

/** The key without the scope. */
export function recordColumns(entry: ScopedTable): readonly string[] {
  const scope = [entry.tenant?.column, entry.branch?.column]
  const own = entry.key.filter((column) => !scope.includes(column))
  return own.length > 0 ? own : entry.key
}

/** The same as text; several columns as a JSON array. */
export function recordKey(entry: ScopedTable, value: (column: string) => string): string {
  const columns = recordColumns(entry)
  if (columns.length === 0) return "null"
  const [only] = columns
  if (columns.length === 1 && only !== undefined) return value(only)
  return `json_build_array(${columns.map(value).join(", ")})::text`
}

/** Columns whose values stay out of the log: named themselves, or by their group. */
export function redactedColumns(entry: ScopedTable): Set<string> {
  const groups = entry.rule.columns ?? {}
  return new Set((entry.rule.audit?.redact ?? []).flatMap((name) => groups[name] ?? [name]))
}

/** Not the type's own equality, which may take different values for the same (citext, numeric). */
function differs(column: string, verb: Verb): string {
  const name = quoteIdent(column)
  if (verb === "update") return `record_image_ne(row(o.${name}), row(n.${name}))`
  return `${verb === "create" ? "n" : "o"}.${name} is distinct from null`
}

// What a person decided is an event of its own; that it was copied to the row is none.
const toldOf = ({ table }: ScopedTable): string[] =>
  [...table.columns.keys()].filter((column) => !Object.hasOwn(wallColumns, column))

/**
 * `{"column":[old, new]}` of what changed; `"redacted"` in the place of the values where the policy file says so. With as few
 * calls as there can be: a statement makes each of them ready before its first row, also for columns that did not change.
 */
function changes(entry: ScopedTable, verb: Verb): string {
  const hidden = redactedColumns(entry)
  const members = toldOf(entry).map((column) => {
    const name = quoteIdent(column)
    const [old, now] = [verb === "create" ? "null" : `o.${name}`, verb === "delete" ? "null" : `n.${name}`]
    const pair = hidden.has(column) ? `'"redacted"'` : `json_build_array(${old}, ${now})::text`
    return `case when ${differs(column, verb)} then ${quoteLiteral(`${JSON.stringify(column)}:`)} || ${pair} end`
  })
  return `'{' || ${concatenated(members)} || '}'`
}

/** Asked of the rows and not of what would be told: the planner would write that text's whole expression down twice. */
function anyDiffers(entry: ScopedTable): string {
  const [old, now] = ["o", "n"].map((row) =>
    toldOf(entry)
      .map((column) => `${row}.${quoteIdent(column)}`)
      .join(", "),
  )
  return `record_image_ne(row(${old}), row(${now}))`
}

/** A function takes at most 100 arguments. */
function concatenated(members: readonly string[]): string {
  const chunks: string[] = []
  for (let start = 0; start < members.length; start += 50)
    chunks.push(`concat_ws(',', ${members.slice(start, start + 50).join(", ")})`)
  const [only] = chunks
  if (chunks.length === 1 && only !== undefined) return only
  return `concat_ws(',', ${chunks.map((chunk) => `nullif(${chunk}, '')`).join(", ")})`
}

function touchedGroups(entry: ScopedTable, verb: Verb): string {
  const groups = Object.entries(entry.rule.columns ?? {})
  if (groups.length === 0) return "'{}'"
  const each = groups.map(
    ([group, columns]) =>
      `case when ${columns.map((column) => differs(column, verb)).join(" or ")} then ${quoteLiteral(group)} end`,
  )
  return `array_remove(array[${each.join(", ")}], null)`
}

/** The triggers of one table or partition. ALWAYS: session_replication_role does not silence them. */
export function recordTriggers(entry: ScopedTable, relation: string): Managed[] {
  const table = qualified(entry.table.name)
  const call = `wardkeep_audit.${quoteIdent(functionName(relation))}()`
  const truncate = `wardkeep_audit.record_truncate(${quoteLiteral(relation)}, ${quoteLiteral(entry.tenant?.column ?? "")})`
  const made = {
    insert: `after insert on ${table} referencing new table as new_rows for each statement execute function ${call}`,
    update: `after update on ${table} referencing old table as old_rows new table as new_rows for each statement execute function ${call}`,
    delete: `after delete on ${table} referencing old table as old_rows for each statement execute function ${call}`,
    truncate: `before truncate on ${table} for each statement execute function ${truncate}`,
  }
  return Object.entries(made).map(([event, rest]) => {
    const name = `wk_audit_${event}`
    return {
      id: `trigger ${entry.table.name} ${name}`,
      phase: "support",
      why: "no write without an entry in the audit log",
      create: `create trigger ${name} ${rest};\nalter table ${table} enable always trigger ${list([name])}`,
      drop: `drop trigger if exists ${name} on ${table}`,
      commentOn: `trigger ${name} on ${table}`,
      on: entry.table.name,
    }
  })
}
