import { quoteLiteral, WardkeepError } from "@wardkeep/core"
import {
  type Extension,
  type ExtensionInput,
  type Managed,
  managedSteps,
  matrixRoles,
  type Queryable,
  type ScopedTable,
  type Step,
  sqlDirectory,
  sqlName,
} from "@wardkeep/postgres/migrate"
import { viewedTables } from "../views/viewed.js"
import { allowedAsFunction } from "./allowed-as.js"
import { belongingFunction } from "./belonging.js"
import { detectionCallables, detectionFunctions } from "./detection.js"
import { handlingCallables, handlingFunctions } from "./handling.js"
import { keyTypesFunction } from "./key-types.js"
import { recordFunction, recordTriggers, redactedColumns } from "./record-function.js"

const mark = "wardkeep-audit"
/** What the roles may call where views are recorded: inside the statement that shows rows, and beside it. */
const recorders = [
  "wardkeep_audit.record_view(text,text[],text[],integer,text,text,boolean)",
  "wardkeep_audit.record_views(jsonb)",
]

/**
 * The audit log as a part of a Wardkeep database: schema `wardkeep_audit`, and triggers on every table of the policy file
 * that record each write in its own transaction. Where no context is verified, nothing is written (WK1xx).
 *
 * @throws WK002 `audit.redact` names neither a column nor a group of columns, or `detection` a column that is no moment
 * @example
 * await install({ admin, policy, extensions: [audit] })
 * await apply({ client, policy, extensions: [audit] })
 */
export const audit: Extension = {
  get migrations() {
    return { schema: "wardkeep_audit", directory: ownSql("migrations") }
  },
  get objects() {
    return ownSql("objects")
  },
  callable(policy) {
    const handling = [...handlingCallables(policy), ...detectionCallables(policy)]
    if (viewedTables(policy).size === 0) return handling
    const views = matrixRoles(policy).flatMap((role) => recorders.map((name) => ({ role, function: name })))
    return [...handling, ...views]
  },
  async plan(input) {
    if (!(await isInstalled(input.client))) {
      throw new WardkeepError("WK002", {
        message: "the schema wardkeep_audit is not in this database",
        hint: "Run `wardkeep migrate --audit` as the administrator first; in code, `install` with `extensions: [audit]`.",
      })
    }
    const roots = rootsOf(input.tables)
    for (const { entry, relation } of roots) if (entry.table.name === relation) requireRedactable(entry)
    requireStrict(input)
    const own = roots.filter(({ entry, relation }) => entry.table.name === relation).map(({ entry }) => entry)
    const viewed = [...viewedTables(input.policy).keys()]
    const desired = [
      ...(viewed.length > 0 ? [viewedFunction(viewed)] : []),
      belongingFunction(own),
      keyTypesFunction(own),
      allowedAsFunction(input.policy, own),
      ...own.map((entry) => recordFunction(input.policy, entry)),
      ...handlingFunctions(input.policy, own),
      ...detectionFunctions(input.policy, own),
      ...roots.flatMap(({ entry, relation }) => recordTriggers(entry, relation)),
    ]
    const steps = managedSteps(desired, await present(input), mark)
    return { steps: [...(await monthSteps(input.client)), ...steps], findings: [] }
  },
}

function ownSql(name: string): string {
  return sqlDirectory(name, import.meta.url)
}

async function isInstalled(client: Queryable): Promise<boolean> {
  const { rows } = await client.query<{ there: boolean }>(
    "select to_regclass('wardkeep_audit.seal_state') is not null as there",
  )
  return rows[0]?.there === true
}

/** Each table with the name its rows are recorded under: that of the root for a partition. */
function rootsOf(tables: readonly ScopedTable[]): { entry: ScopedTable; relation: string }[] {
  const roots = new Map<string, string>()
  return tables.map((entry) => {
    const relation = roots.get(entry.table.partitionOf ?? "") ?? entry.table.name
    roots.set(entry.table.name, relation)
    return { entry, relation }
  })
}

function requireRedactable(entry: ScopedTable): void {
  for (const column of redactedColumns(entry)) {
    if (entry.table.columns.has(column)) continue
    throw new WardkeepError("WK002", {
      message: `${entry.table.name}.audit.redact: ${column} is neither a column nor a group of columns`,
    })
  }
}

/** A strict column that does not exist would be refused to nobody. */
function requireStrict({ policy, tables }: ExtensionInput): void {
  const columns = new Map(tables.map(({ table }) => [table.name, table.columns]))
  for (const { relation, strict } of viewedTables(policy).values())
    for (const column of strict) {
      if (columns.get(relation)?.has(column) === true) continue
      throw new WardkeepError("WK002", {
        message: `${relation}.audit.views.strict: ${column} is neither a column nor a group of columns`,
      })
    }
}

/** What `record_views` takes for the name of a table. Without a SET clause, so that a plan holds its value. */
function viewedFunction(relations: readonly string[]): Managed {
  const target = "wardkeep_audit.viewed_tables()"
  return {
    id: "function wardkeep_audit.viewed_tables",
    phase: "support",
    why: "whose views are recorded",
    create: `create or replace function ${target} returns text[] language sql immutable parallel safe return array[${[...relations].sort().map(quoteLiteral).join(", ")}];
revoke execute on function ${target} from public`,
    drop: "select 1",
    commentOn: `function ${target}`,
  }
}

const presentQuery = `
select id, substr(comment, 16) as hash from (
  select 'function ' || n.nspname || '.' || p.proname as id, obj_description(p.oid, 'pg_proc') as comment
    from pg_proc p join pg_namespace n on n.oid = p.pronamespace where n.nspname = 'wardkeep_audit'
  union all
  select 'trigger ' || ${sqlName("n", "c")} || ' ' || t.tgname, obj_description(t.oid, 'pg_trigger')
    from pg_trigger t join pg_class c on c.oid = t.tgrelid join pg_namespace n on n.oid = c.relnamespace
   where not t.tgisinternal and t.tgname like 'wk\\_audit\\_%' and pg_get_userbyid(c.relowner) = current_user
) o where comment like 'wardkeep-audit:%'`

/** What is there, as hashes; what is no longer ALWAYS, or was changed otherwise, counts as another object. */
async function present({ client, changed }: ExtensionInput): Promise<Map<string, string>> {
  const { rows } = await client.query<{ id: string; hash: string }>(presentQuery)
  return new Map(rows.map(({ id, hash }) => [id, changed.has(id) ? "" : hash]))
}

/** None for a month whose events are in the default partition already: it gets no partition of its own. */
async function monthSteps(client: Queryable): Promise<Step[]> {
  const { rows } = await client.query<{ there: boolean }>(
    `select to_regclass('wardkeep_audit.event_' || to_char(next, 'YYYY_MM')) is not null or exists (
        select from wardkeep_audit.event_other where at >= next at time zone 'UTC' and at < (next + interval '1 month') at time zone 'UTC'
      ) as there
      from (select date_trunc('month', clock_timestamp() at time zone 'UTC') + interval '1 month' as next) q`,
  )
  if (rows[0]?.there === true) return []
  const why = "events of a month are dropped together"
  return [{ phase: "support", object: "wardkeep_audit.event", why, sql: "select wardkeep_audit.make_months(3)" }]
}
