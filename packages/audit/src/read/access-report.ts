import type { Coverage } from "./coverage.js"
import {
  about,
  asLogged,
  handed,
  happened,
  inWindow,
  iso,
  phase,
  type Reading,
  type ReadOptions,
  reading,
} from "./question.js"

/** One time that somebody had to do with a person's records, as that person may be told. */
export interface AccessEntry {
  /** ISO 8601, UTC. */
  readonly at: string
  readonly actor: string
  /** The role that allowed it; of a combination `practitioner/doctor`. */
  readonly role: string
  readonly purpose: string
  readonly branch: string | null
  readonly what: string
  readonly relation: string
  readonly groups: readonly string[]
  /** With whom it was shared. */
  readonly recipient: string | null
  /** By the person, or by a guardian of theirs. */
  readonly own: boolean
}

export interface AccessReport extends Reading<AccessEntry> {
  /** What the report cannot know, in sentences. */
  readonly gaps: readonly string[]
}

export interface AccessReportOptions extends ReadOptions {
  readonly subject: string
  /** Who asks: the person, or who stands for them. Recorded; that they may is the host's to check before. */
  readonly requestedBy: "subject" | { readonly guardian: string }
  /** Roles that the person and their guardians act as; default `patient` and `guardian`. */
  readonly ownRoles?: readonly string[]
}

/**
 * Who had to do with a person's records, for that person: no values and nobody else's name but the actors'. What is missing from
 * it is said, because a short list is no proof that nothing else happened.
 *
 * @throws WK009 no reason
 * @example const { rows, gaps } = await accessReport({ client, tenant, subject: patientId, requestedBy: "subject", reason: "request 17" })
 */
export async function accessReport(options: AccessReportOptions): Promise<AccessReport> {
  const { client, requestedBy, ownRoles = ["patient", "guardian"] } = options
  const subject = await asLogged(client, options.subject)
  // Two events of one download are one line: how it ended is told alone where its beginning is not here.
  const sql = `with found as (select e.*, ${happened} as happened, case when e.verb in ${handed} then ${phase} end as phase, case when e.verb in ${handed} then e.detail::json ->> 'transfer' end as transfer
        from wardkeep_audit.event e where ${inWindow} and ${about("$5")})
    select ${iso("e.happened")} as at, e.actor, e.role, e.purpose, e.branch, e.relation, e.groups, e.role = any ($6) as own,
      case when e.relation = 'wardkeep_audit.event' then 'the log was read' when e.verb = 'share' and e.phase <> 'begun' then 'share ' || e.phase
           else e.verb end as what, case when e.verb = 'share' then e.detail::json ->> 'recipient' end as recipient
    from found e where not exists (select from found b where b.transfer = e.transfer and b.phase = 'begun' and e.phase in ('completed', 'aborted'))
    order by e.happened desc, e.id desc limit $4`
  const asked = {
    access_report: typeof requestedBy === "string" ? "subject" : "guardian",
    ...(typeof requestedBy !== "string" && { by: requestedBy.guardian }),
  }
  const found = await reading<AccessEntry>(options, { subject, asked, sql, values: [subject, ownRoles] })
  return { ...found, gaps: gapsOf(found.coverage, found.more) }
}

function gapsOf(
  { since, dropped, rebased, tables, off, erased, views, undetermined, unnamed }: Coverage,
  more: boolean,
): string[] {
  return [
    ...(more ? ["The list is cut: there is more than it holds."] : []),
    since === null ? "Nothing of this clinic was recorded." : `Nothing before ${since} was recorded.`,
    ...(dropped.length > 0
      ? [
          `Of ${dropped.map(({ month }) => month).join(", ")} nothing is kept any more: the time that records are kept for was over.`,
        ]
      : []),
    ...rebased.map(
      ({ since, at }) =>
        `Since ${at} the records are kept in another database, such as a restored copy: what happened ${since === null ? "before that" : `between ${since} and then`} may be missing.`,
    ),
    `Only changes of ${tables} tables are recorded; paper, telephone and other systems are not.`,
    views === 0
      ? "Who looked at a record without changing it is not recorded here."
      : `Of ${views} tables it is recorded who was shown a row through the application; what the database's administrator read is not.`,
    ...(undetermined > 0
      ? [`${undetermined} times it was recorded that something was shown, and not of whom: it may have been of you.`]
      : []),
    ...(unnamed > 0 ? [`${unnamed} exports name nobody: you may be in them.`] : []),
    ...(off.length > 0 ? [`The recording of ${off.length} tables is switched off now.`] : []),
    ...(erased > 0 ? [`${erased} entries of this clinic were cut loose from the persons they were about.`] : []),
  ]
}
