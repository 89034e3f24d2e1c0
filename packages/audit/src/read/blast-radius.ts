import { WardkeepError } from "@wardkeep/core"
import {
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

/** What somebody reached of one person. */
export interface Reached {
  readonly subject: string
  readonly events: number
  readonly verbs: readonly string[]
  readonly relations: readonly string[]
  /** Groups of columns that were shown, changed or handed out. */
  readonly groups: readonly string[]
  readonly first: string
  readonly last: string
}

/** What an account or a session did in all. */
export interface Reach {
  readonly events: number
  readonly persons: number
  readonly branches: readonly string[]
  readonly sessions: number
  /** Events by verb. */
  readonly verbs: Readonly<Record<string, number>>
  /** Views and exports that name nobody, or not everybody: whom they reached stands nowhere. */
  readonly unnamed: number
  /** Bytes of downloads, prints and exports. */
  readonly bytes: number
  /** With those that were only counted, of each minute that the window meets. */
  readonly refusals: number
}

export interface BlastRadius extends Reading<Reached> {
  readonly reach: Reach
}

/** After an erasure a view of several persons is there twice: closed, and as it is said again of the others. It was one. */
const access = "wardkeep_audit.access_id(e.verb, e.detail, e.id)"
/** What said it again and was closed by the next erasure tells of no other event: it was written together with the act of an erasure. */
const saidAgain = `e.verb = 'view' and e.detail is null and exists (select from wardkeep_audit.event x
  where x.xid = e.xid and x.id > e.id and x.tenant = e.tenant and x.relation = 'wardkeep_audit.event' and x.purpose = 'erasure')`

/**
 * What an account or a session reached between two moments: each person, and what in all. For the hours after a stolen
 * password; `reach.unnamed` says how far the list of persons is from being whole.
 *
 * @throws WK009 no reason, or neither or both of actor and session
 * @example const { rows, reach } = await blastRadius({ client, tenant, actor: "asha", from, to, reason: "incident 7" })
 */
export async function blastRadius(
  options: ReadOptions & { readonly actor?: string; readonly session?: string },
): Promise<BlastRadius> {
  const { client, tenant, actor, session, from, to } = options
  const value = actor ?? session
  if (value === undefined || (actor !== undefined && session !== undefined))
    throw new WardkeepError("WK009", {
      message: "a blast radius is of an actor or of a session",
      hint: "Name one of them.",
    })
  if (session !== undefined && !/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(session))
    throw new WardkeepError("WK009", { message: "session is not the id of a session" })
  const who = actor === undefined ? "e.session = $5::uuid" : "e.actor = $5"
  const persons =
    "cross join lateral unnest(coalesce(wardkeep_audit.subjects_of(e.verb, e.detail), array[e.subject])) s(subject)"
  const sql = `select s.subject, count(distinct e.id)::int as events, array_agg(distinct e.verb) as verbs, array_agg(distinct e.relation) as relations,
      coalesce(array_agg(distinct g.name) filter (where g.name is not null), '{}') as groups,
      ${iso(`min(${happened})`)} as first, ${iso(`max(${happened})`)} as last
    from wardkeep_audit.event e ${persons} left join lateral unnest(e.groups) g(name) on true
   where ${inWindow} and ${who} and s.subject is not null group by s.subject order by max(${happened}) desc limit $4`
  const asked = { blast_radius: actor === undefined ? "session" : "actor", of: value }
  const found = await reading<Reached>(options, { subject: null, asked, sql, values: [value] })
  // Behind the reading, which is committed: what is counted here is of the same question.
  const { rows } = await client.query<Reach>(
    `with mine as (select e.* from wardkeep_audit.event e where ${inWindow} and ${who.replace("$5", "$4")} and not (${saidAgain}))
     select (select count(distinct ${access}) from mine e)::int as events,
       (select count(distinct s.subject) from mine e ${persons})::int as persons,
       (select coalesce(array_agg(distinct branch order by branch) filter (where branch is not null), '{}') from mine) as branches,
       (select count(distinct session) from mine)::int as sessions,
       (select coalesce(json_object_agg(verb, n), '{}') from (select verb, count(distinct ${access})::int as n from mine e group by verb) v) as verbs,
       (select count(*) from mine e where e.verb = 'view' and (e.detail like '{"source":"undetermined"%' or e.detail like '{"source":"declared"%')
          or e.verb in ${handed} and e.subject is null and ${phase} = 'begun')::int as unnamed,
       (select coalesce(sum((detail::json ->> 'bytes')::bigint), 0)::float8 from mine where verb in ${handed}) as bytes,
       ((select coalesce(sum(n), 0) from mine where verb = 'deny')
         + (select coalesce(sum(d.more), 0) from wardkeep_audit.denial d where d.tenant = $1 and d.verb = 'deny' and ${countedIn("$2", "$3")} and ${actor === undefined ? "d.session = $4::uuid" : "d.actor = $4"}))::int as refusals`,
    [tenant, from ?? null, to ?? null, value],
  )
  const [reach] = rows
  if (reach === undefined) throw new WardkeepError("WK901", { message: "a question without FROM answers" })
  return { ...found, reach }
}
