import { inTransaction, type Queryable } from "@wardkeep/postgres/migrate"
import { type Coverage, readCoverage } from "./coverage.js"
import { recordReading } from "./record.js"

export interface ReadOptions {
  /** A dedicated connection of the migrator's login with the owner's role in force. */
  readonly client: Queryable
  /** Whose log is read, and in whose log the reading is recorded. */
  readonly tenant: string
  /** Why; it is recorded. */
  readonly reason: string
  /** First and last moment, as PostgreSQL reads a timestamptz. */
  readonly from?: string
  readonly to?: string
  /** Newest first; default 1000. */
  readonly limit?: number
}

export interface Reading<T> {
  readonly rows: readonly T[]
  /** There is more than `limit` let through. */
  readonly more: boolean
  /** What the answer rests on, and what it cannot know. */
  readonly coverage: Coverage
}

const defaultLimit = 1000

/** The key of a person, or of a record of a table, as the log spells it: another spelling would find nothing. */
export async function asLogged(client: Queryable, key: string, relation?: string): Promise<string> {
  const { rows } = await client.query<{ key: string }>("select wardkeep_audit.as_logged($1, $2) as key", [
    relation ?? null,
    key,
  ])
  return rows[0]?.key ?? key
}

/** When it happened: after an erasure the views of the others are said again, later. */
export const happened = "wardkeep_audit.happened(e.verb, e.detail, e.at)"

export const iso = (moment: string): string => `to_char(${moment} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`

/** Whether an event is about a person, alone or among others. */
export const about = (value: string): string =>
  `(e.subject = ${value} or e.verb = 'view' and e.subject is null and wardkeep_audit.subjects_of(e.verb, e.detail) @> array[${value}])`

/** No event is older than what it tells, so that months before the window are not read. */
export const inWindow = `e.tenant = $1 and e.at >= coalesce($2::timestamptz, '-infinity')
  and ${happened} between coalesce($2::timestamptz, '-infinity') and coalesce($3::timestamptz, 'infinity')`

/** Whether refusals that are only counted, of the minute of a row `d`, may lie between two moments. */
export const countedIn = (from: string, to: string): string =>
  `d.minute + interval '1 minute' > coalesce(${from}::timestamptz, '-infinity') and d.minute <= coalesce(${to}::timestamptz, 'infinity')`

/** What was handed out, as verbs of events. */
export const handed = "('download', 'print', 'export', 'share')"

/** How far an event of what was handed out had come; of no other events, whose text is none of ours to read. */
export const phase = "(e.detail::json ->> 'phase')"

export interface Question {
  readonly subject: string | null
  readonly asked: Readonly<Record<string, unknown>>
  readonly sql: string
  readonly values: readonly unknown[]
}

/** Asks, records that it was asked, and commits both before anything is handed over. */
export async function reading<T>(options: ReadOptions, { subject, asked, sql, values }: Question): Promise<Reading<T>> {
  const { client, tenant, reason, from, to, limit = defaultLimit } = options
  return await inTransaction(client, async () => {
    const found = await client.query(sql, [tenant, from ?? null, to ?? null, limit + 1, ...values])
    const rows = found.rows.slice(0, limit) as T[]
    const window = { ...(from !== undefined && { from }), ...(to !== undefined && { to }) }
    await recordReading(client, {
      verb: "view",
      tenant,
      reason,
      subject,
      asked: { ...asked, ...window },
      n: rows.length,
    })
    return { rows, more: found.rows.length > limit, coverage: await readCoverage(client, tenant) }
  })
}
