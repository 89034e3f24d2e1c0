import { type Finding, type Policy, quoteLiteral, type Severity, sortFindings } from "@wardkeep/core"
import type { Queryable } from "../database/queryable.js"
import { interpreted, withSettings } from "../database/with-settings.js"
import { databaseFindings } from "../install/database-acl.js"
import { sqlName } from "./names.js"
import { policyHash } from "./policy-hash.js"
import { roleFindings } from "./role-findings.js"

/** Picture of everything the fence rests on, one line per fact, comparable across servers. */
export type Picture = Readonly<Record<string, string>>

// The months of the audit log come and go by themselves and are left out, but for what fires on them: nothing does. Who changes what is printed here makes every database
// drift that was applied before.
const pictureQuery = `
with recursive marked as materialized (
  select classoid, objoid from pg_description where objsubid = 0 and description like 'wardkeep:%'
), tree as (
  select c.oid, ${sqlName("n", "c")} as name, c.relkind from pg_class c join pg_namespace n on n.oid = c.relnamespace
   where c.relkind in ('r', 'p', 'v') and (n.nspname in ('wardkeep', 'wardkeep_consent', 'wardkeep_lookup') or n.nspname = 'wardkeep_audit' and not c.relispartition or ${sqlName("n", "c")} = any ($1)
          or c.oid in (select objoid from marked where classoid = 'pg_class'::regclass))
  union
  select c.oid, ${sqlName("n", "c")}, c.relkind from tree t join pg_inherits i on i.inhparent = t.oid
    join pg_class c on c.oid = i.inhrelid and c.relispartition join pg_namespace n on n.oid = c.relnamespace and n.nspname <> 'wardkeep_audit'
), ours as (
  select c.oid, t.name, c.relrowsecurity, c.relforcerowsecurity, c.relacl, c.relowner, c.relkind, c.reloptions
    from tree t join pg_class c on c.oid = t.oid
), firing as (
  select oid, name, false as is_month from ours
  union all
  select c.oid, ${sqlName("n", "c")}, true from pg_class c join pg_namespace n on n.oid = c.relnamespace
   where n.nspname = 'wardkeep_audit' and c.relispartition and c.relkind in ('r', 'p', 'f')
)
select 'table ' || name as fact, 'rls ' || relrowsecurity || ' forced ' || relforcerowsecurity || ' owner ' || pg_get_userbyid(relowner)
    || coalesce(' ' || array_to_string(case when relkind = 'v' then reloptions end, ','), '') as value from ours
union all
select 'policy ' || o.name || ' ' || p.polname, concat_ws(' | ', p.polcmd, p.polpermissive,
    (select string_agg(coalesce(r.rolname::text, 'public'), ',' order by r.rolname) from unnest(p.polroles) u(oid) left join pg_roles r on r.oid = u.oid),
    pg_get_expr(p.polqual, p.polrelid), pg_get_expr(p.polwithcheck, p.polrelid))
  from pg_policy p join ours o on o.oid = p.polrelid
union all
select 'acl ' || o.name || ' ' || coalesce(r.rolname::text, 'public'), string_agg(a.privilege_type, ',' order by a.privilege_type)
  from ours o cross join lateral aclexplode(o.relacl) a left join pg_roles r on r.oid = a.grantee
 where a.grantee <> o.relowner group by 1, o.name, r.rolname
union all
select 'acl ' || o.name || '.' || t.attname || ' ' || coalesce(r.rolname::text, 'public'), string_agg(a.privilege_type, ',' order by a.privilege_type)
  from ours o join pg_attribute t on t.attrelid = o.oid and t.attacl is not null cross join lateral aclexplode(t.attacl) a
  left join pg_roles r on r.oid = a.grantee group by 1, o.name, t.attname, r.rolname
union all
select 'trigger ' || o.name || ' ' || t.tgname, t.tgenabled::text || ' ' || pg_get_triggerdef(t.oid) from pg_trigger t join firing o on o.oid = t.tgrelid where not t.tgisinternal
   and not (o.is_month and t.tgparentid <> 0)
union all
select 'rule ' || o.name || ' ' || r.rulename, r.ev_enabled::text || ' ' || pg_get_ruledef(r.oid) from pg_rewrite r join firing o on o.oid = r.ev_class where r.ev_type <> '1'
union all
select 'foreign key ' || o.name || ' ' || k.conname, k.convalidated || ' ' || pg_get_constraintdef(k.oid) from pg_constraint k join ours o on o.oid = k.conrelid where k.contype = 'f' and k.conparentid = 0
union all
select 'view ' || o.name, pg_get_viewdef(o.oid) from ours o where o.relkind = 'v'
union all
select 'function ' || n.nspname || '.' || p.proname || '(' || pg_get_function_identity_arguments(p.oid) || ')',
    concat_ws(' | ', p.prosecdef, p.provolatile, p.proparallel, p.proleakproof, array_to_string(p.proconfig, ','), pg_get_userbyid(p.proowner),
      md5(pg_get_functiondef(p.oid)), (select string_agg(coalesce(r.rolname::text, 'public'), ',' order by r.rolname) from aclexplode(p.proacl) a left join pg_roles r on r.oid = a.grantee))
  from pg_proc p join pg_namespace n on n.oid = p.pronamespace
 where n.nspname in ('wardkeep', 'wardkeep_audit', 'wardkeep_consent', 'wardkeep_lookup') or p.oid in (select objoid from marked where classoid = 'pg_proc'::regclass)
union all
select 'acl schema ' || n.nspname || ' ' || coalesce(r.rolname::text, 'public'), string_agg(a.privilege_type || case when a.is_grantable then '*' else '' end, ',' order by a.privilege_type)
  from pg_namespace n cross join lateral aclexplode(n.nspacl) a left join pg_roles r on r.oid = a.grantee
 where a.grantee <> n.nspowner and (n.nspname in ('wardkeep', 'wardkeep_audit', 'wardkeep_consent', 'wardkeep_lookup') or n.oid in (select objoid from marked where classoid = 'pg_namespace'::regclass))
 group by n.nspname, r.rolname
union all
select 'default ' || o.name || '.' || t.attname, pg_get_expr(d.adbin, d.adrelid) from pg_attrdef d join ours o on o.oid = d.adrelid
  join pg_attribute t on t.attrelid = d.adrelid and t.attnum = d.adnum where t.attgenerated = '' and pg_get_expr(d.adbin, d.adrelid) like '%wardkeep.%'`

async function takePicture(client: Queryable, policy: Policy): Promise<Picture> {
  // The deparser prints names relative to the search path, so the path is fixed while the picture is taken.
  const { rows } = await withSettings(client, { search_path: "pg_catalog", ...interpreted }, () =>
    client.query<{ fact: string; value: string | null }>(pictureQuery, [[...policy.tables.keys()]]),
  )
  return Object.fromEntries(
    rows.map((row) => [row.fact, row.value ?? ""]).sort(([a = ""], [b = ""]) => (a < b ? -1 : 1)),
  )
}

/** The same question without a parameter, for the SQL of a plan. */
export function pictureSql(policy: Policy): string {
  return pictureQuery
    .trim()
    .replace("$1", () => `array[${[...policy.tables.keys()].map(quoteLiteral).join(", ")}]::text[]`)
}

export interface Difference {
  readonly fact: string
  /** What was remembered of it; undefined for what appeared. */
  readonly was: string | undefined
  /** Undefined for what is gone. */
  readonly is: string | undefined
  readonly change: "appeared" | "is gone" | "changed"
  /** Of a trigger that a partition has from its whole: the difference of the whole's, with which this one comes and goes. */
  readonly cloneOf?: string
}

export interface Drifted {
  /** Undefined where nothing was ever saved, and nothing differs. */
  readonly policyHash: string | undefined
  readonly saved: Picture
  readonly live: Picture
  readonly differences: readonly Difference[]
}

/** The live catalog beside what is remembered of it. */
export async function drifted(client: Queryable, policy: Policy): Promise<Drifted> {
  const { rows } = await client.query<{ manifest: Picture; policy_hash: string }>(
    "select manifest, policy_hash from wardkeep.policy_state",
  )
  const live = await takePicture(client, policy)
  const state = rows[0]
  if (state === undefined) return { policyHash: undefined, saved: {}, live, differences: [] }
  const saved = state.manifest
  const differences = [...new Set([...Object.keys(saved), ...Object.keys(live)])].flatMap((fact): Difference[] => {
    const [was, is] = [saved[fact], live[fact]]
    if (was === is) return []
    const change = was === undefined ? "appeared" : is === undefined ? "is gone" : "changed"
    return [{ fact, was, is, change }]
  })
  // Asked only where it is of use: most plans find nothing changed.
  const wholeOf = differences.some(({ fact }) => fact.startsWith("trigger ")) ? await wholes(client) : new Map()
  return { policyHash: state.policy_hash, saved, live, differences: withClones(differences, wholeOf) }
}

async function wholes(client: Queryable): Promise<Map<string, string>> {
  const { rows } = await client.query<{ part: string; whole: string }>(
    `select ${sqlName("pn", "p")} as part, ${sqlName("wn", "w")} as whole from pg_inherits i
       join pg_class p on p.oid = i.inhrelid and p.relispartition and p.relkind in ('r', 'p', 'f') join pg_namespace pn on pn.oid = p.relnamespace
       join pg_class w on w.oid = i.inhparent join pg_namespace wn on wn.oid = w.relnamespace`,
  )
  return new Map(rows.map(({ part, whole }) => [part, whole]))
}

/** What a row trigger on a whole makes of each partition is one difference, and not one for each. Statement triggers each are their own. */
function withClones(differences: readonly Difference[], wholeOf: ReadonlyMap<string, string>): Difference[] {
  const byFact = new Map(differences.map((difference) => [difference.fact, difference]))
  const parentOf = (difference: Difference): Difference | undefined => {
    const [, table = "", name] = /^trigger (\S+) (.*)$/s.exec(difference.fact) ?? []
    const parent = byFact.get(`trigger ${wholeOf.get(table)} ${name}`)
    const isSame =
      anywhere(parent?.was) === anywhere(difference.was) && anywhere(parent?.is) === anywhere(difference.is)
    return isSame && (difference.is ?? difference.was)?.includes(" FOR EACH ROW ") === true ? parent : undefined
  }
  return differences.map((difference) => {
    let first: Difference | undefined
    for (let next = parentOf(difference); next !== undefined; next = parentOf(next)) first = next
    return first === undefined ? difference : { ...difference, cloneOf: first.fact }
  })
}

/** A trigger without the table that it is on. */
function anywhere(trigger: string | undefined): string | undefined {
  const word = String.raw`(?:"(?:[^"]|"")*"|[^\s".]+)`
  return trigger?.replace(new RegExp(` ON ${word}\\.${word} `), " ")
}

/** The MD5 of the picture where nothing was ever saved, as the server makes it of the same picture. */
export async function firstSeen(client: Queryable, { policyHash: saved, live }: Drifted): Promise<string | undefined> {
  if (saved !== undefined) return undefined
  const { rows } = await client.query<{ md5: string }>("select md5($1::jsonb::text)", [JSON.stringify(live)])
  return rows[0]?.md5
}

/**
 * What in the live catalog is no longer as the last apply left it: policies, grants, FORCE, owners, triggers and their
 * ALWAYS flags, rules, functions, views, foreign keys, role attributes and memberships, database privileges.
 *
 * @returns one finding per difference, empty when there is none
 * @example const findings = await drift({ client, policy })
 */
export async function drift({ client, policy }: { client: Queryable; policy: Policy }): Promise<Finding[]> {
  const found = await drifted(client, policy)
  if (found.policyHash === undefined) {
    return [
      {
        check: "policy-not-applied",
        severity: "leak",
        object: "wardkeep.policy_state",
        message: "no policy was ever applied to this database",
        fix: "wardkeep apply",
      },
    ]
  }
  const findings = [...(await roleFindings(client, policy)), ...(await databaseFindings(client, policy))]
  for (const difference of found.differences) {
    const { fact, change, cloneOf } = difference
    if (cloneOf !== undefined) continue
    const off = wasSwitchedOff(difference)
    findings.push({
      check: "drift",
      severity: severityOf(fact),
      object: fact,
      message: off
        ? `${fact} changed since the policy was applied: row-level security is off, and every role with a grant reads every row`
        : `${fact} ${change} since the policy was applied`,
      fix: off
        ? "wardkeep apply, now; then find what did it: `drizzle-kit push` does (docs/reference/adapters.md#migration-tools)"
        : "wardkeep plan, then wardkeep apply",
    })
  }
  if (found.policyHash !== policyHash(policy)) {
    findings.push({
      check: "policy-file-changed",
      severity: "hygiene",
      object: "policy file",
      message: "the policy file is not the one that was applied",
      fix: "wardkeep plan, then wardkeep apply",
    })
  }
  return sortFindings(findings)
}

function wasSwitchedOff({ fact, was, is }: Difference): boolean {
  return fact.startsWith("table ") && was?.startsWith("rls true") === true && is?.startsWith("rls false") === true
}

export function severityOf(fact: string): Severity {
  return fact.startsWith("policy ") || fact.startsWith("table ") ? "leak" : "hygiene"
}

/** As ids of managed objects, which are made again although they still carry our comment, and as facts. */
export function changedIds({ differences }: Drifted): Set<string> {
  return new Set(differences.flatMap(({ fact }) => idsOf(fact)))
}

/**
 * Privileges and options of a view belong to the view; flags of a table are steps of their own and no reason to make it
 * again; functions are identified without their arguments.
 */
export function idsOf(fact: string): string[] {
  const acl = /^acl (\S+?\.[^.\s]+)/.exec(fact)
  if (acl !== null) return [fact, `view ${acl[1]}`]
  if (fact.startsWith("table ")) return [fact.replace("table ", "view ")]
  return [fact, fact.replace(/\(.*\)$/, "")]
}
