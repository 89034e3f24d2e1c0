import { WardkeepError } from "@wardkeep/core"
import { about, asLogged, happened, inWindow, iso, type Reading, type ReadOptions, reading } from "./question.js"

export interface AuditEvent {
  /** ISO 8601, UTC. */
  readonly at: string
  readonly actor: string
  /** The role that allowed it; of a combination `practitioner/doctor`. */
  readonly role: string
  readonly purpose: string
  readonly branch: string | null
  readonly verb: string
  readonly relation: string
  readonly record: string | null
  readonly subject: string | null
  readonly request: string | null
  readonly n: number
  readonly sealed: boolean
  /**
   * `{"column":[old,new]}` of a write; of a view how the persons were found, and how many where they were several; null where
   * a person was erased.
   */
  readonly detail: Readonly<Record<string, unknown>> | null
  /** The event's number: what `proveEvent` asks for. */
  readonly id: string
}

export const eventFields = `to_char(${happened} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as at, e.actor, e.role, e.purpose, e.branch, e.verb,
  e.relation, e.record, e.subject, e.request, e.n, exists (select from wardkeep_audit.leaf l where l.event = e.id) as sealed,
  case when wardkeep_audit.subjects_of(e.verb, e.detail) is null then e.detail::json
       else json_build_object('source', e.detail::json ->> 'source', 'subjects', cardinality(wardkeep_audit.subjects_of(e.verb, e.detail))) end as detail, e.id::text`

/**
 * What happened to a person's records, or what an actor did, newest first. The reading is an event of the same log, and
 * committed before a row is returned.
 *
 * @throws WK009 no reason, or neither or both of subject and actor
 * @example const { rows } = await timeline({ client, tenant, subject: patientId, reason: "request 17" })
 */
export async function timeline(
  options: ReadOptions & { readonly subject?: string; readonly actor?: string },
): Promise<Reading<AuditEvent>> {
  const { actor } = options
  if ((options.subject === undefined) === (actor === undefined))
    throw new WardkeepError("WK009", {
      message: "a timeline is of a subject or of an actor",
      hint: "Name one of them.",
    })
  const subject = options.subject === undefined ? undefined : await asLogged(options.client, options.subject)
  const [column, value] = subject !== undefined ? (["subject", subject] as const) : (["actor", actor] as const)
  const sql = `select ${eventFields} from wardkeep_audit.event e where ${inWindow} and ${column === "subject" ? about("$5") : "e.actor = $5"} order by ${happened} desc, e.id desc limit $4`
  return await reading<AuditEvent>(options, {
    subject: subject ?? null,
    asked: { timeline: column, of: value },
    sql,
    values: [value],
  })
}

/**
 * Who changed one record, with old and new values, newest first.
 *
 * @param options.relation as the policy file names it, with its schema: `public.patient`
 * @throws WK009 no reason
 * @example const { rows } = await whoChanged({ client, tenant, relation: "public.visit", record: id, reason: "complaint 4" })
 */
export async function whoChanged(
  options: ReadOptions & { readonly relation: string; readonly record: string },
): Promise<Reading<AuditEvent>> {
  const { client, tenant, relation } = options
  const record = await asLogged(client, options.record, relation)
  const sql = `select ${eventFields} from wardkeep_audit.event e
    where ${inWindow} and e.relation = $5 and e.record = $6 and e.verb in ('create', 'update', 'delete') order by ${happened} desc, e.id desc limit $4`
  const about = await client.query<{ subject: string }>(
    "select subject from wardkeep_audit.event where tenant = $1 and relation = $2 and record = $3 and subject is not null limit 1",
    [tenant, relation, record],
  )
  const subject = about.rows[0]?.subject ?? null
  // The key of a record may be the person: it is written where an erasure of the person finds it, or not at all.
  const asked = subject === null ? { relation } : { relation, record }
  return await reading<AuditEvent>(options, { subject, asked, sql, values: [relation, record] })
}

/** What one actor did to one person's records. */
export interface Touched {
  readonly subject: string
  readonly events: number
  readonly verbs: readonly string[]
  readonly relations: readonly string[]
  readonly first: string
  readonly last: string
}

/**
 * Whose records an actor touched; with a subject, whether they touched this one. An empty answer is worth what `coverage`
 * says, not more.
 *
 * @throws WK009 no reason
 * @example const { rows, coverage } = await touched({ client, tenant, actor: "asha", reason: "complaint 4" })
 */
export async function touched(
  options: ReadOptions & { readonly actor: string; readonly subject?: string },
): Promise<Reading<Touched>> {
  const { client, actor } = options
  const subject = options.subject === undefined ? null : await asLogged(client, options.subject)
  const sql = `select s.subject, count(*)::int as events, array_agg(distinct e.verb) as verbs, array_agg(distinct e.relation) as relations,
      ${iso(`min(${happened})`)} as first, ${iso(`max(${happened})`)} as last
    from wardkeep_audit.event e
    cross join lateral unnest(coalesce(wardkeep_audit.subjects_of(e.verb, e.detail), array[e.subject])) s(subject)
    where ${inWindow} and e.actor = $5 and s.subject = coalesce($6, s.subject)
    group by s.subject order by max(${happened}) desc limit $4`
  return await reading<Touched>(options, { subject, asked: { touched: actor }, sql, values: [actor, subject] })
}

/** One time that rows about a person were shown. */
export interface Seen {
  /** ISO 8601, UTC. */
  readonly at: string
  readonly actor: string
  /** The role that allowed it; of a combination `practitioner/doctor`. */
  readonly role: string
  readonly purpose: string
  readonly branch: string | null
  readonly relation: string
  /** The policy file's groups of columns that were shown or asked for. */
  readonly groups: readonly string[]
  /** Rows shown, and of how many persons. */
  readonly n: number
  readonly persons: number
  readonly request: string | null
  readonly sealed: boolean
  /** The event's number: what `proveEvent` asks for. */
  readonly id: string
}

/**
 * Who was shown rows about a person through the client, newest first. Views that name nobody may have shown them too:
 * `coverage.undetermined` says how many there are in this clinic's log.
 *
 * @throws WK009 no reason
 * @example const { rows, coverage } = await whoSaw({ client, tenant, subject: patientId, reason: "request 17" })
 */
export async function whoSaw(options: ReadOptions & { readonly subject: string }): Promise<Reading<Seen>> {
  const subject = await asLogged(options.client, options.subject)
  const sql = `select to_char(${happened} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as at, e.actor, e.role, e.purpose, e.branch, e.relation,
      e.groups, e.n, coalesce(cardinality(wardkeep_audit.subjects_of(e.verb, e.detail)), 1) as persons, e.request,
      exists (select from wardkeep_audit.leaf l where l.event = e.id) as sealed, e.id::text
    from wardkeep_audit.event e where ${inWindow} and e.verb = 'view' and e.relation <> 'wardkeep_audit.event' and ${about("$5")}
    order by ${happened} desc, e.id desc limit $4`
  return await reading<Seen>(options, { subject, asked: { saw: true }, sql, values: [subject] })
}
