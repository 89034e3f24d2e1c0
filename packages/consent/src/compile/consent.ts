import { type ConsentRule, quoteIdent, quoteLiteral, WardkeepError, wallOf } from "@wardkeep/core"
import {
  type Extension,
  type ExtensionInput,
  type Managed,
  managedSteps,
  type Queryable,
  qualified,
  type ScopedTable,
  type Step,
  sqlDirectory,
  sqlName,
} from "@wardkeep/postgres/migrate"
import { aboutPeople } from "./about.js"
import { callers } from "./callers.js"
import { hostTriggerFindings, strayRowFindings } from "./host-triggers.js"
import { sqlFunction } from "./sql-function.js"

const mark = "wardkeep-consent"

/**
 * The consent ledger as a part of a Wardkeep database: schema `wardkeep_consent`, functions for the roles that the policy file
 * names, and triggers that keep on every row about a person which purposes reach it.
 *
 * @throws WK002 the schema is not installed · WK007 the day of birth is not a date
 * @example
 * await install({ admin, policy, extensions: [consent] })
 * await apply({ client, policy, extensions: [consent] })
 */
export const consent: Extension = {
  get migrations() {
    return { schema: "wardkeep_consent", directory: sqlDirectory("migrations", import.meta.url) }
  },
  get objects() {
    return sqlDirectory("objects", import.meta.url)
  },
  callable(policy) {
    return policy.consent === null ? [] : callers(policy, policy.consent)
  },
  async plan(input) {
    if (!(await isInstalled(input.client)))
      throw new WardkeepError("WK002", {
        message: "the schema wardkeep_consent is not in this database",
        hint: "Run `wardkeep migrate --consent` as the administrator first; in code, `install` with `extensions: [consent]`.",
      })
    const rule = input.policy.consent
    const desired = rule === null ? [] : objects(input, rule)
    const steps = managedSteps(desired, await present(input), mark)
    // Whatever was changed by hand, or came anew: every row says again what the ledger says.
    if (rule !== null && steps.length > 0) steps.push(refreshed)
    if (rule === null) return { steps, findings: [] }
    const tables = walled(input, rule)
    const findings = [...(await hostTriggerFindings(input.client, tables)), ...strayRowFindings(tables, rule.subjects)]
    return { steps, findings }
  },
}

function objects(input: ExtensionInput, rule: ConsentRule): Managed[] {
  const tables = walled(input, rule)
  const functions = [
    ...people(input, rule),
    spread(tables),
    refreshAll(input, rule, tables),
    ...aboutPeople(input, rule),
  ]
  return [...functions, ...triggers(rule, tables)]
}

const refreshed: Step = {
  phase: "structure",
  object: "wardkeep_consent.reach",
  why: "every row about a person says what the ledger says",
  sql: "select wardkeep_consent.refresh_all()",
}

async function isInstalled(client: Queryable): Promise<boolean> {
  const { rows } = await client.query<{ there: boolean }>(
    "select to_regclass('wardkeep_consent.reach') is not null as there",
  )
  return rows[0]?.there === true
}

interface Walled extends ScopedTable {
  readonly subject: string
}

/** The tables whose rows carry the bits; partitions get the triggers of their whole. */
function walled({ tables }: ExtensionInput, rule: ConsentRule): Walled[] {
  const people = tables.find(({ table }) => table.name === rule.subjects)
  return tables.flatMap((entry): Walled[] => {
    const { subject } = entry.rule
    if (subject === undefined || entry.level !== people?.level || entry.table.partitionOf !== null) return []
    return [{ ...entry, subject }]
  })
}

const columnOf = (place: { readonly column: string } | null): string =>
  place === null ? "''" : quoteIdent(place.column)

/**
 * A caller may spell a key in another way than its column does, which is how rows, events and contexts spell it. Under FORCE
 * the owner reads what the caller's context may see, so nobody decides about a person of another branch.
 */
function people({ tables }: ExtensionInput, rule: ConsentRule): Managed[] {
  const entry = tables.find(({ table }) => table.name === rule.subjects)
  const born = entry?.table.columns.get(rule.born)
  for (const { table, rule: of } of tables) requireExactKey(table.name, table.columns.get(of.subject ?? ""))
  const key = entry?.table.columns.get(entry.rule.subject ?? "")
  if (entry === undefined || key === undefined) throw new WardkeepError("WK901")
  if (born?.type !== "date")
    throw new WardkeepError("WK007", {
      message: `${rule.subjects}.${rule.born} is ${born?.type ?? "missing"}, and a day of birth is a date`,
      hint: "Name a column of the type date under consent.born.",
    })
  const spelled = sqlFunction(
    "spelled",
    "of_subject text",
    "spells the key of a person as its column does",
    `returns text
  language plpgsql stable set search_path = pg_catalog, pg_temp as $wk$
begin
  return to_jsonb(of_subject::${key.type}) #>> '{}';
exception when data_exception then
  return null;
end
$wk$`,
  )
  const person = sqlFunction(
    "person",
    "of_subject text",
    "finds the person whom the ledger is asked about",
    `returns table (tenant text, branch text, born date)
  language sql stable security definer set search_path = pg_catalog, pg_temp as $wk$
  select ${columnOf(entry.tenant)}::text, ${columnOf(entry.branch)}::text, ${quoteIdent(rule.born)} from ${qualified(rule.subjects)}
   where ${quoteIdent(key.name)} = of_subject::${key.type}
$wk$`,
  )
  return [spelled, person]
}

/** Two spellings of one key would be two persons here and one in the host's tables. */
function requireExactKey(
  table: string,
  column: { readonly name: string; readonly type: string; readonly exact: boolean } | undefined,
): void {
  if (column === undefined || (column.exact && !/citext$|^numeric$/.test(column.type))) return
  throw new WardkeepError("WK564", { message: `${table}.${column.name} takes different spellings for the same key` })
}

/** Sets the columns; the trigger of the table then says the same again. */
function spread(tables: readonly Walled[]): Managed {
  const updates = tables.map((entry) => {
    const type = entry.table.columns.get(entry.subject)?.type ?? "text"
    const where = [
      ...(entry.tenant === null ? [] : [`${columnOf(entry.tenant)} = of_tenant::${entry.tenant.type}`]),
      ...(entry.branch === null ? [] : [`${columnOf(entry.branch)} = of_branch::${entry.branch.type}`]),
      `${quoteIdent(entry.subject)} = of_subject::${type}`,
    ]
    return `  update ${qualified(entry.table.name)} set wk_consent = wk_consent where ${where.join(" and ")};`
  })
  return sqlFunction(
    "spread",
    "of_tenant text, of_branch text, of_subject text",
    "copies what a person decided to every row about the person",
    `returns void
  language plpgsql volatile set search_path = pg_catalog, pg_temp as $wk$
begin
${updates.join("\n")}
end
$wk$`,
  )
}

function refreshAll({ policy }: ExtensionInput, rule: ConsentRule, tables: readonly Walled[]): Managed {
  const people = tables.find(({ table }) => table.name === rule.subjects)
  if (people === undefined) throw new WardkeepError("WK901")
  // Changes where a purpose does, so that rows are compared with the ledger again.
  const purposes = [...policy.purposes].map(([name, p]) => `${name} ${wallOf(p) ?? "none"} ${p.children ?? ""}`.trim())
  const born = `update wardkeep_consent.reach h set born = p.${quoteIdent(rule.born)} from ${qualified(rule.subjects)} p
   where h.tenant = p.${columnOf(people.tenant)}::text and h.branch = ${people.branch === null ? "''" : `p.${columnOf(people.branch)}::text`} and h.subject = to_jsonb(p.${quoteIdent(people.subject)}) #>> '{}'
     and h.born is distinct from p.${quoteIdent(rule.born)};`
  const rows = tables.map(({ table }) => `  update ${qualified(table.name)} set wk_consent = wk_consent;`)
  return sqlFunction(
    "refresh_all",
    "",
    "compares every row about a person with the ledger",
    `returns void
  language plpgsql volatile set search_path = pg_catalog, pg_temp as $wk$
-- ${purposes.join(", ")}
begin
  ${born}
  perform wardkeep_consent.compute(h.tenant, h.branch, h.subject) from wardkeep_consent.reach h;
${rows.join("\n")}
end
$wk$`,
  )
}

/** ALWAYS: session_replication_role does not silence them. */
function triggers(rule: ConsentRule, tables: readonly Walled[]): Managed[] {
  return tables.flatMap((entry) => {
    const { name } = entry.table
    const target = qualified(name)
    const literals = [entry.tenant?.column ?? "", entry.branch?.column ?? "", entry.subject]
      .map(quoteLiteral)
      .join(", ")
    const listed = (columns: readonly (string | undefined)[]): string =>
      [...new Set(columns.filter((column) => column !== undefined))].map(quoteIdent).join(", ")
    const scope = [entry.tenant?.column, entry.branch?.column, entry.subject]
    const key = listed(scope)
    const columns = listed([...scope, "wk_consent", "wk_consent_until"])
    const made: Managed[] = [
      trigger(
        name,
        "wk_consent_row",
        "a row has the bits of its person, whatever was written",
        `before insert or update of ${columns} on ${target} for each row execute function wardkeep_consent.row_bits(${literals})`,
      ),
    ]
    if (name === rule.subjects)
      made.push(
        trigger(
          name,
          "wk_consent_key",
          "a person of whom the ledger holds anything keeps the key",
          `before update of ${key} on ${target} for each row execute function wardkeep_consent.key_kept(${literals})`,
        ),
        trigger(
          name,
          "wk_consent_new",
          "nobody inherits what was given under the key of somebody else",
          `after insert on ${target} for each row execute function wardkeep_consent.given_again(${literals})`,
        ),
        trigger(
          name,
          "wk_consent_born",
          "a corrected day of birth changes who may decide",
          `after update of ${quoteIdent(rule.born)} on ${target} for each row execute function wardkeep_consent.born_changed(${literals}, ${quoteLiteral(rule.born)})`,
        ),
      )
    return made
  })
}

function trigger(table: string, name: string, why: string, rest: string): Managed {
  const target = qualified(table)
  return {
    id: `trigger ${table} ${name}`,
    phase: "structure",
    why,
    create: `create trigger ${name} ${rest};\nalter table ${target} enable always trigger ${name}`,
    drop: `drop trigger if exists ${name} on ${target}`,
    commentOn: `trigger ${name} on ${target}`,
    on: table,
  }
}

const presentQuery = `
select id, substr(comment, 18) as hash from (
  select 'function ' || n.nspname || '.' || p.proname as id, obj_description(p.oid, 'pg_proc') as comment
    from pg_proc p join pg_namespace n on n.oid = p.pronamespace where n.nspname = 'wardkeep_consent'
  union all
  select 'trigger ' || ${sqlName("n", "c")} || ' ' || t.tgname, obj_description(t.oid, 'pg_trigger')
    from pg_trigger t join pg_class c on c.oid = t.tgrelid join pg_namespace n on n.oid = c.relnamespace
   where not t.tgisinternal and t.tgname like 'wk\\_consent\\_%' and pg_get_userbyid(c.relowner) = current_user
) o where comment like 'wardkeep-consent:%'`

/** What is there, as hashes; what is no longer ALWAYS, or was changed otherwise, counts as another object. */
async function present({ client, changed }: ExtensionInput): Promise<Map<string, string>> {
  const { rows } = await client.query<{ id: string; hash: string }>(presentQuery)
  return new Map(rows.map(({ id, hash }) => [id, changed.has(id) ? "" : hash]))
}
