import {
  asLogged,
  countedIn,
  handed,
  happened,
  inWindow,
  iso,
  phase,
  type Reading,
  type ReadOptions,
  reading,
} from "./question.js"

/** One download, print, export or share, however many events it left. */
export interface HandedOutEntry {
  /** ISO 8601, UTC. */
  readonly at: string
  readonly verb: "download" | "print" | "export" | "share"
  readonly actor: string
  /** The role that allowed it; of a combination `practitioner/doctor`. */
  readonly role: string
  readonly purpose: string
  readonly relation: string
  /** Of the transfer or the share; null where the person was erased. */
  readonly id: string | null
  /** Persons named; 0 of an export that names nobody. */
  readonly persons: number
  /**
   * `begun`: how it ended was not recorded. `signed`: an address was made, and what came of it the store knows. `opened`: of a share
   * of which the log has openings only, because its making was dropped or erased; `actor` is who opened it.
   */
  readonly outcome: "begun" | "completed" | "aborted" | "signed" | "shared" | "revoked" | "opened"
  readonly bytes: number | null
  /** Of the bytes that left, hexadecimal. */
  readonly sha256: string | null
  readonly rows: number | null
  readonly file: string | null
  readonly filters: Readonly<Record<string, unknown>> | null
  /** Of a share. */
  readonly recipient: string | null
  /** How often, between the two moments that were asked about. */
  readonly opened: number
}

/**
 * What left: downloads, prints, exports and shares, newest first. Between two moments those of which any event lies there, each
 * with who began it and when, however long before that was.
 *
 * @param options.subject only what named this person; an export that names nobody may have held them, see `coverage.unnamed`
 * @throws WK009 no reason
 * @example const { rows } = await handedOut({ client, tenant, subject: patientId, reason: "request 17" })
 */
export async function handedOut(
  options: ReadOptions & { readonly subject?: string; readonly actor?: string },
): Promise<Reading<HandedOutEntry>> {
  const { client, actor = null } = options
  const subject = options.subject === undefined ? null : await asLogged(client, options.subject)
  const first = (field: string): string =>
    `(array_agg(${field} order by g.d ->> 'phase' = 'begun' desc nulls last, g.at) filter (where ${field} is not null))[1]`
  const event =
    "select e.*, e.detail::json as d, coalesce(e.detail::json ->> 'transfer', e.detail::json ->> 'share') as number"
  const sql = `with found as (${event}
        from wardkeep_audit.event e where ${inWindow} and e.verb in ${handed} and e.relation <> 'wardkeep_audit.event'),
      whole as (select * from found union all
        select b.* from (${event} from wardkeep_audit.event e
          where e.tenant = $1 and e.at < $2::timestamptz and e.verb in ${handed} and ${phase} = 'begun' and e.relation <> 'wardkeep_audit.event') b
         where b.number in (select f.number from found f))
    select ${iso("min(g.at)")} as at, min(g.verb) as verb, ${first("g.actor")} as actor, ${first("g.role")} as role, ${first("g.purpose")} as purpose,
        min(g.relation) as relation, min(g.number) as id, count(distinct g.subject)::int as persons,
        case when bool_or(g.d ->> 'phase' = 'revoked') then 'revoked'
             when min(g.verb) = 'share' then case when bool_and(g.d ->> 'phase' = 'opened') then 'opened' else 'shared' end
             else coalesce(max(g.d ->> 'phase') filter (where g.d ->> 'phase' <> 'begun'), 'begun') end as outcome,
        max((g.d ->> 'bytes')::bigint)::float8 as bytes, max(g.d ->> 'sha256') as sha256, max((g.d ->> 'rows')::int) as rows,
        max(g.d ->> 'file') as file, ${first("(g.d -> 'filters')::text")}::json as filters, max(g.d ->> 'recipient') as recipient,
        count(*) filter (where g.d ->> 'phase' = 'opened')::int as opened
      from whole g group by coalesce(g.number, g.id::text)
    having ($5::text is null or bool_or(g.subject = $5)) and ($6::text is null or ${first("g.actor")} = $6)
     order by min(g.at) desc limit $4`
  return await reading<HandedOutEntry>(options, {
    subject,
    asked: { handed_out: true, ...(actor !== null && { by: actor }) },
    sql,
    values: [subject, actor],
  })
}

/** Something that was refused. */
export interface DeniedEntry {
  /** ISO 8601, UTC. */
  readonly at: string
  /** `deny`: inside the application. `login`: somebody did not get in. */
  readonly verb: "deny" | "login"
  readonly actor: string
  readonly role: string
  readonly purpose: string
  readonly session: string | null
  readonly relation: string
  /** Of PostgreSQL or of Wardkeep, the reason of a failed sign-in, or `more` for those that were only counted. */
  readonly code: string
  readonly action: string | null
  readonly n: number
}

/**
 * What was refused, and sign-ins that failed, newest first; those that are only counted until the minute's end are rows
 * with the code `more`, told wherever their minute and the window meet.
 *
 * @throws WK009 no reason
 * @example const { rows } = await deniedAttempts({ client, tenant, actor: "asha", reason: "complaint 4" })
 */
export async function deniedAttempts(
  options: ReadOptions & { readonly actor?: string },
): Promise<Reading<DeniedEntry>> {
  const { actor = null } = options
  const sql = `select ${iso("r.at")} as at, r.verb, r.actor, r.role, r.purpose, r.session, r.relation, r.code, r.action, r.n from (
      select ${happened} as at, e.id, e.verb, e.actor, e.role, e.purpose, e.session, e.relation, coalesce(e.detail::json ->> 'code', e.detail::json ->> 'reason') as code,
             e.detail::json ->> 'action' as action, e.n
        from wardkeep_audit.event e where ${inWindow} and e.verb in ('deny', 'login')
      union all
      select d.minute, null, d.verb, d.actor, d.role, d.purpose, d.session, '', 'more', null, d.more from wardkeep_audit.denial d
       where d.tenant = $1 and d.more > 0 and ${countedIn("$2", "$3")}) r
    where $5::text is null or r.actor = $5 order by r.at desc, r.id desc limit $4`
  return await reading<DeniedEntry>(options, {
    subject: null,
    asked: { denied: true, ...(actor !== null && { by: actor }) },
    sql,
    values: [actor],
  })
}

/** How a column of a record came from one value to another. */
export interface ColumnChange {
  readonly column: string
  /** Two branches may have a record of the same key: each is told by itself, and so is one that was moved. */
  readonly branch: string | null
  /** At the beginning and at the end of the window, as JSON; `redacted` where the policy file says so. */
  readonly before: unknown
  readonly after: unknown
  readonly changes: number
  /** Who changed it last, and when. */
  readonly actor: string
  readonly at: string
}

/**
 * What became of one record between two moments: each column that changed, before and after, whoever changed it in between; by
 * branch, where more than one has or had a record of that key.
 *
 * @param options.branch only that branch's
 * @throws WK009 no reason
 * @example const { rows } = await recordDiff({ client, tenant, relation: "public.visit", record: id, from, to, reason: "complaint 4" })
 */
export async function recordDiff(
  options: ReadOptions & { readonly relation: string; readonly record: string; readonly branch?: string },
): Promise<Reading<ColumnChange>> {
  const { client, tenant, relation, branch = null } = options
  const record = await asLogged(client, options.record, relation)
  const whose = await client.query<{ subject: string }>(
    "select subject from wardkeep_audit.event where tenant = $1 and relation = $2 and record = $3 and subject is not null and branch is not distinct from coalesce($4, branch) limit 1",
    [tenant, relation, record, branch],
  )
  const subject = whose.rows[0]?.subject ?? null
  const pair = (end: "first" | "last", at: 0 | 1): string =>
    `((array_agg(case when json_typeof(c.value) = 'array' then c.value -> ${at} else c.value end order by e.at ${end === "first" ? "" : "desc"}, e.id ${end === "first" ? "" : "desc"}))[1])`
  const sql = `select c.key as column, e.branch, ${pair("first", 0)} as before, ${pair("last", 1)} as after, count(*)::int as changes,
      (array_agg(e.actor order by e.at desc, e.id desc))[1] as actor, ${iso("max(e.at)")} as at
    from wardkeep_audit.event e cross join lateral json_each(e.detail::json) c
   where ${inWindow} and e.relation = $5 and e.record = $6 and e.verb in ('create', 'update', 'delete') and e.detail is not null
     and e.branch is not distinct from coalesce($7, e.branch)
   group by c.key, e.branch order by e.branch, c.key limit $4`
  return await reading<ColumnChange>(options, {
    subject,
    asked: subject === null ? { diff: relation } : { diff: relation, record },
    sql,
    values: [relation, record, branch],
  })
}
