import {
  type Actor,
  conditionNamed,
  handlingActions,
  type Policy,
  quoteIdent,
  quoteLiteral,
  type Rule,
  roleNames,
} from "@wardkeep/core"
import { conditionSql } from "@wardkeep/permissions"
import {
  type Callable,
  type Managed,
  matrixRoles,
  qualified,
  type ScopedTable,
  wallForOwner,
} from "@wardkeep/postgres/migrate"
import { recordKey } from "./record-function.js"

const calls = ["begin_handling(jsonb)", "end_handling(jsonb)", "revoke_share(text)"]

/** Who may begin and end downloads, and who may be refused: everybody, and the issuer for sign-ins. */
export function handlingCallables(policy: Policy): Callable[] {
  const names = roleNames(policy)
  const everybody = matrixRoles(policy).flatMap((role) =>
    ["record_denied(jsonb)", "open_share(text,text)", "opened_share(text)"].map((f) => ({
      role,
      function: `wardkeep_audit.${f}`,
    })),
  )
  const some = policy.actors.flatMap((actor) =>
    [...actor.can.values()].some(({ rules }) => handlingActions.some((action) => rules[action] !== undefined))
      ? calls.map((f) => ({ role: roleOf(names, actor), function: `wardkeep_audit.${f}` }))
      : [],
  )
  return [...everybody, ...some, { role: names.issuer, function: "wardkeep_audit.record_failed_login(text,text,text)" }]
}

function roleOf(names: ReturnType<typeof roleNames>, { kind, name }: Actor): string {
  return kind === "role" ? names.role(name) : names.service(name)
}

interface Cell {
  readonly purposes?: readonly string[]
  readonly mfa?: number
  readonly columns?: readonly string[]
  /** The action has a condition that reading has not: rows are named, and each is compared. */
  readonly tied?: boolean
}

/** What the matrix says about downloads, prints, exports and shares, as data and as conditions of rows. */
export function handlingFunctions(policy: Policy, entries: readonly ScopedTable[]): Managed[] {
  const names = roleNames(policy)
  const cells: Record<string, Record<string, unknown>> = {}
  const arms: string[] = []
  for (const entry of entries) {
    const relation = entry.table.name
    const conditions: string[] = []
    const byAction: Record<string, Record<string, Cell>> = {}
    for (const actor of policy.actors)
      for (const action of handlingActions) {
        const rules = actor.can.get(relation)?.rules
        const rule = rules?.[action]
        if (rule === undefined || rules?.read === undefined) continue
        const role = roleOf(names, actor)
        byAction[action] = { ...byAction[action], [role]: cellOf(rules.read, rule) }
        const terms = termsOf(policy, entry, entries, rules.read, rule)
        if (terms !== "") conditions.push(`when ${quoteLiteral(`${action} ${role}`)} then ${terms}`)
      }
    if (Object.keys(byAction).length === 0) continue
    const [key, second] = ownKey(entry)
    const single = key !== undefined && second === undefined
    cells[relation] = { groups: entry.rule.columns ?? {}, ...(single && { key }), ...byAction }
    arms.push(armOf(policy, entry, conditions))
  }
  return [
    managed(
      "handling_cells()",
      "returns jsonb language sql immutable parallel safe",
      `return ${quoteLiteral(JSON.stringify(cells))}::jsonb`,
    ),
    handledFunction(arms),
  ]
}

function cellOf(read: Rule, rule: Rule): Cell {
  const columns = both(read.columns === "all" ? null : read.columns, rule.columns === "all" ? null : rule.columns)
  const purposes = both(read.purposes, rule.purposes)
  const mfa = [read.mfaSeconds, rule.mfaSeconds].filter((each) => each !== null)
  return {
    ...(columns !== null && { columns }),
    ...(purposes !== null && { purposes }),
    ...(mfa.length > 0 && { mfa: Math.min(...mfa) }),
    ...(rule.when !== null && rule.when !== read.when && { tied: true }),
  }
}

/** Null: all. */
function both(one: readonly string[] | null, other: readonly string[] | null): readonly string[] | null {
  if (one === null || other === null) return one ?? other
  return one.filter((each) => other.includes(each))
}

function termsOf(policy: Policy, entry: ScopedTable, entries: readonly ScopedTable[], read: Rule, rule: Rule): string {
  const types = new Map(entries.map(({ table }) => [table.name, table.columns]))
  const table = { name: entry.table.name, subject: entry.rule.subject }
  return [...new Set([read.when, rule.when])]
    .flatMap((name) => (name === null ? [] : [conditionNamed(policy, name)]))
    .flatMap((condition) => (condition === undefined ? [] : [conditionSql(condition, table, types)]))
    .join(" and ")
}

/** The columns of the key by which a record is found inside of its branch. */
function ownKey(entry: ScopedTable): string[] {
  return entry.key.filter((name) => name !== entry.tenant?.column && name !== entry.branch?.column)
}

/**
 * The records of one table that are there and that this context may hand out. The table's own fence holds for the owner too; what
 * a person decided about the purpose, and an erasure, do not, and are asked here.
 */
function armOf(policy: Policy, entry: ScopedTable, conditions: readonly string[]): string {
  const column = (name: string): string => `t.${quoteIdent(name)}::text`
  const { subject } = entry.rule
  const [only, second] = ownKey(entry)
  const type = only === undefined ? undefined : entry.table.columns.get(only)?.type
  const record = recordKey(entry, column)
  const found =
    only !== undefined && second === undefined && type !== undefined
      ? `t.${quoteIdent(only)} = any (handled.keys::${type}[])`
      : `${record} = any (handled.keys)`
  const branch = entry.branch === null ? "null" : column(entry.branch.column)
  const confined = `((handled.c).subjects is null or ${subject === undefined ? "false" : `${column(subject)} = any ((handled.c).subjects)`})`
  const matrix =
    conditions.length === 0
      ? "true"
      : `case handled.verb || ' ' || (handled.c).db_role ${conditions.join(" ")} else true end`
  const wall = wallForOwner(policy, entry, "t", "(handled.c).purpose")
  return `elsif handled.relation = ${quoteLiteral(entry.table.name)} then
    return query select ${record}, ${subject === undefined ? "null" : column(subject)}, ${branch} from ${qualified(entry.table.name)} t
      where ${found} and ${confined} and (${matrix}) and (${wall});`
}

function handledFunction(arms: readonly string[]): Managed {
  return managed(
    "handled(c wardkeep.token, verb text, relation text, keys text[])",
    "returns table (record text, subject text, branch text) language plpgsql stable set search_path = pg_catalog, pg_temp",
    `as $wk$
#variable_conflict use_column
begin
  if false then null;
  ${arms.join("\n  ")}
  end if;
exception when data_exception then
  raise exception 'a record''s key cannot be read' using errcode = 'WK431';
end
$wk$`,
  )
}

function managed(target: string, kind: string, body: string): Managed {
  const name = target.slice(0, target.indexOf("("))
  const types = target === "handling_cells()" ? "" : "wardkeep.token, text, text, text[]"
  const signature = `wardkeep_audit.${name}(${types})`
  return {
    id: `function wardkeep_audit.${name}`,
    phase: "support",
    why: "what the matrix says about downloads, prints, exports and shares",
    create: `create or replace function wardkeep_audit.${target} ${kind} ${body};\nrevoke execute on function ${signature} from public`,
    drop: "select 1",
    commentOn: `function ${signature}`,
  }
}
