import {
  type Detection,
  type Explanation,
  type Policy,
  quoteIdent,
  quoteLiteral,
  roleNames,
  WardkeepError,
} from "@wardkeep/core"
import { type Callable, type Managed, qualified, type ScopedTable } from "@wardkeep/postgres/migrate"
import { dataFunction } from "./data-function.js"

const window = "timestamp with time zone,timestamp with time zone,text"
const calls = [
  `accesses(${window})`,
  `explained(${window})`,
  `access_signals(${window})`,
  "access_coverage()",
  "queue_accesses(text[],text[])",
  "review_access(jsonb)",
]

/** What the roles that review may call; nobody else may. */
export function detectionCallables(policy: Policy): Callable[] {
  const names = roleNames(policy)
  const roles = policy.detection?.reviewedBy ?? []
  return roles.flatMap((role) => calls.map((name) => ({ role: names.role(role), function: `wardkeep_audit.${name}` })))
}

/**
 * The rules as data for Wardkeep's own functions, and one function that asks the host's tables as whoever calls it: grants,
 * fence and conditions decide what a reviewer's question may rest on.
 *
 * @throws WK002 a column that is no moment, or a partition beside its whole
 */
export function detectionFunctions(policy: Policy, entries: readonly ScopedTable[]): Managed[] {
  const { detection } = policy
  if (detection === null) return []
  return [
    rulesFunction(policy, detection),
    explainedFunction(detection, new Map(entries.map((e) => [e.table.name, e]))),
  ]
}

function rulesFunction({ actors, breakGlass, crossings, support }: Policy, detection: Detection): Managed {
  const rules = {
    reviewedBy: detection.reviewedBy,
    services: actors.filter(({ kind }) => kind === "service").map(({ name }) => name),
    emergency: breakGlass?.role ?? null,
    referral: crossings?.referral?.role ?? null,
    support: support?.role ?? null,
    assigned: detection.explanations.some(({ kind }) => kind === "assigned"),
    zone: detection.zone,
    reviewSeconds: detection.reviewSeconds,
  }
  return dataFunction("detection", "who reviews accesses", rules)
}

const columns = `access bigint, event text, at timestamptz, actor text, role text, purpose text, branch text, session uuid, verb text, relation text,
  subject text, persons integer, class text, assigned boolean, queued_at timestamptz, outcome text, reviewed_by text, reviewed_at timestamptz,
  review_reason text, number text, explanations text[]`

function explainedFunction(detection: Detection, tables: ReadonlyMap<string, ScopedTable>): Managed {
  const arms = detection.explanations.map((one) => armOf(one, detection.zone, tables))
  const target = `wardkeep_audit.explained(${window})`
  // The invoker's rights: it is the reviewer who reads the host's tables here, and sees what a reviewer may see. How many rows a
  // function returns is only guessed, and a nested loop chosen after a low guess grows with the square of the window.
  return {
    id: "function wardkeep_audit.explained",
    // Before the grants, which name it.
    phase: "structure",
    why: "what explains an access",
    create: `create or replace function wardkeep_audit.explained(from_at timestamptz, to_at timestamptz, why text) returns table (${columns})
language sql volatile security invoker rows 50000 set search_path = pg_catalog, pg_temp set enable_nestloop = off set enable_mergejoin = off set jit = off as $wk$
with a as materialized (select * from wardkeep_audit.accesses($1, $2, $3)),
named as materialized (select * from a where a.class = 'named'),
hits(access, subject, name) as (
  ${arms.join("\n  union all\n  ")}
), found as materialized (select h.access, h.subject, array_agg(h.name order by h.name) as names from hits h group by 1, 2)${numbersOf(detection, tables)}
select a.access, a.event, a.at, a.actor, a.role, a.purpose, a.branch, a.session, a.verb, a.relation, a.subject, a.persons, a.class, a.assigned,
  a.queued_at, a.outcome, a.reviewed_by, a.reviewed_at, a.review_reason, ${detection.numbers === null ? "null::text" : "n.number"}, coalesce(f.names, '{}')
  from a left join found f on f.access = a.access and f.subject = a.subject${detection.numbers === null ? "" : " left join numbers n on n.subject = a.subject"}
 order by a.at, a.access, a.subject
$wk$;
revoke execute on function ${target} from public`,
    drop: "select 1",
    commentOn: `function ${target}`,
  }
}

function numbersOf({ numbers }: Detection, tables: ReadonlyMap<string, ScopedTable>): string {
  if (numbers === null) return ""
  const entry = tableOf(numbers.table, tables, "numbers")
  const number = `t.${quoteIdent(numbers.column)}::text`
  const subject = `t.${quoteIdent(entry.rule.subject ?? "")}::text`
  return `,
numbers as materialized (select ${subject} as subject, min(${number}) as number from ${qualified(entry.table.name)} t
  where ${subject} in (select a.subject from named a) group by 1)`
}

function armOf(one: Explanation, zone: string, tables: ReadonlyMap<string, ScopedTable>): string {
  const terms = [
    ...onlyTerms(one),
    ...(one.kind === "row" || one.kind === "duty" ? [rowTerm(one, zone, tables)] : [ownTerm[one.kind]]),
  ]
  return `select a.access, a.subject, ${quoteLiteral(one.name)} from named a where ${terms.join(" and ")}`
}

const ownTerm = { assigned: "a.assigned", referral: "a.referred", emergency: "a.justified" } as const

function onlyTerms({ roles, purposes, tables }: Explanation): string[] {
  const among = (column: string, values: readonly string[] | null): string[] =>
    values === null ? [] : [`a.${column} in (${values.map(quoteLiteral).join(", ")})`]
  return [...among("role", roles), ...among("purpose", purposes), ...among("relation", tables)]
}

function rowTerm(
  one: Extract<Explanation, { kind: "row" | "duty" }>,
  zone: string,
  tables: ReadonlyMap<string, ScopedTable>,
): string {
  const entry = tableOf(one.table, tables, one.name)
  const column = (name: string): string => `t.${quoteIdent(name)}`
  const here = `(a.branch is null or ${column(entry.branch?.column ?? "")}::text = a.branch)`
  const whose = (name: string): string => `${column(name)}::text = a.actor`
  if (one.kind === "duty") {
    const times = `a.at >= ${momentOf(entry, one.from, zone, one.name, 0)} and a.at < coalesce(${momentOf(entry, one.until, zone, one.name, 1)}, 'infinity')`
    return `exists (select from ${qualified(one.table)} t where ${whose(one.actor)} and ${here} and ${times})`
  }
  const times = `a.at >= ${momentOf(entry, one.at, zone, one.name, 0)} - interval '${one.beforeSeconds} seconds' and a.at <= ${momentOf(entry, one.at, zone, one.name, 1)} + interval '${one.afterSeconds} seconds'`
  // Without reference to an access, so that an index on the moment serves.
  const near = `${momentOf(entry, one.at, zone, one.name, 1)} >= $1 - interval '${one.afterSeconds} seconds' and ${momentOf(entry, one.at, zone, one.name, 0)} <= $2 + interval '${one.beforeSeconds} seconds'`
  const theirs = one.actor === null ? "" : ` and ${whose(one.actor)}`
  return `exists (select from ${qualified(one.table)} t where ${column(entry.rule.subject ?? "")}::text = a.subject and ${near} and ${here} and ${times}${theirs})`
}

/** A moment whatever the session's time zone is; a date is its whole day, so that its end is the next one's beginning. */
function momentOf(entry: ScopedTable, name: string, zone: string, where: string, days: 0 | 1): string {
  const column = `t.${quoteIdent(name)}`
  const type = entry.table.columns.get(name)?.type ?? ""
  if (type === "timestamp with time zone") return column
  if (type === "timestamp without time zone") return `(${column} at time zone ${quoteLiteral(zone)})`
  if (type === "date") return `((${column} + ${days})::timestamp at time zone ${quoteLiteral(zone)})`
  throw unfit(where, `${entry.table.name}.${name} is ${type}; name a timestamp or a date`)
}

function tableOf(name: string, tables: ReadonlyMap<string, ScopedTable>, where: string): ScopedTable {
  const entry = tables.get(name)
  // Whatever else the policy file could name there, it refused itself.
  if (entry === undefined) throw unfit(where, `${name} is a partition of a listed table; name the whole`)
  return entry
}

function unfit(where: string, what: string): WardkeepError {
  return new WardkeepError("WK002", { message: `detection, ${where}: ${what}` })
}
