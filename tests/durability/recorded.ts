import type pg from "pg"
import type { Handed } from "./reading-process.ts"

interface ViewEvent {
  readonly request: string
  readonly subject: string | null
  readonly subjects: readonly string[] | null
  readonly source: string | null
}

/**
 * What was handed to somebody and no event of that request says so.
 *
 * @param isEnough whether an event will do that does not know the person: whom to ask for that was gone
 */
export async function unrecorded(
  client: pg.Client,
  handed: readonly Handed[],
  isEnough: "named" | "undetermined" = "named",
): Promise<Handed[]> {
  const { rows } = await client.query<ViewEvent>(
    `select request, subject, array(select json_array_elements_text(detail::json -> 'subjects')) as subjects,
            detail::json ->> 'source' as source
       from wardkeep_audit.event where verb = 'view' and request is not null`,
  )
  const seen = new Set(
    rows.flatMap(({ request, subject, subjects }) =>
      [subject, ...(subjects ?? [])].map((person) => `${request} ${person}`),
    ),
  )
  const open = new Set(rows.filter(({ source }) => source === isEnough).map(({ request }) => request))
  return handed.filter(({ request, person }) => !(seen.has(`${request} ${person}`) || open.has(request)))
}

/** For the message of a failing test. */
export const shortly = ({ request, way, person }: Handed): string => `${request} ${way} ${person}`

/** Which requests have other events than they should: exactly their number where they are done, and all or none where nobody knows. */
export async function miscounted(
  client: pg.Client,
  expected: ReadonlyMap<string, number>,
  isKnown: boolean,
): Promise<string[]> {
  const { rows } = await client.query<{ request: string; n: number }>(
    "select request, count(*)::int as n from wardkeep_audit.event where verb <> 'view' and request = any ($1) group by 1",
    [[...expected.keys()]],
  )
  const found = new Map(rows.map(({ request, n }) => [request, n]))
  return [...expected]
    .map(([request, n]) => ({ request, n, is: found.get(request) ?? 0 }))
    .filter(({ n, is }) => is !== n && (isKnown || is !== 0))
    .map(({ request, n, is }) => `${request}: ${is} of ${n}`)
}

/** Rows that say another thing than the newest event about them, by the request that wrote both. */
export async function contradicted(client: pg.Client): Promise<string[]> {
  const { rows } = await client.query<{ said: string }>(
    `select p.id || ': ' || p.phone || ' but ' || e.request as said
       from patient p, lateral (select e.request from wardkeep_audit.event e
         where e.relation = 'public.patient' and e.verb = 'update' and p.id::text in (e.record, e.subject) and e.request ~ '-w[12]-'
         order by e.xid desc, e.id desc limit 1) e
      where p.phone <> e.request
     union all
     select 'visit of ' || v.reason from visit v
      where v.reason ~ '-w2-' and not exists (select from wardkeep_audit.event e where e.request = v.reason and e.relation = 'public.visit')`,
  )
  return rows.map(({ said }) => said)
}

/** Events without a leaf, and events or leaves that are there more than once. */
export async function badlySealed(client: pg.Client): Promise<{ readonly lost: number; readonly doubled: number }> {
  const { rows } = await client.query<{ lost: number; doubled: number }>(
    `select count(*) filter (where leaves = 0)::int as lost, count(*) filter (where leaves > 1)::int as doubled
       from (select count(l.event) as leaves from wardkeep_audit.event e left join wardkeep_audit.leaf l on l.event = e.id and l.xid = e.xid group by e.id) each`,
  )
  return rows[0] ?? { lost: -1, doubled: -1 }
}
