import { type Attestation, dayInIndia, type Kept, keepUntil, loadLaw } from "@wardkeep/consent"
import { WardkeepError } from "@wardkeep/core"

export interface KeepOptions {
  /** Classes of record with the day their period counts from, such as `inpatient=2025-02-01`. */
  readonly records: readonly string[]
  /** JSON: who read which rule in its instrument, and when. */
  readonly attested?: string
  /** Default now. */
  readonly on?: Date
}

export interface KeepAnswer {
  /** The day in India that was asked about. */
  readonly on: string
  /** Classes that no attested rule keeps any longer. */
  readonly free: readonly string[]
  /** What `rights decide --keep` takes. */
  readonly keep: readonly Kept[]
}

/**
 * What of a person's records an erasure leaves, by which rule and until when. It asks no database.
 *
 * @throws WK561 rules that bind, or may, and that nobody attested · WK009 no such class of record, no day, or no attestations
 * @example rightsKeep({ records: ["inpatient=2025-02-01"], attested: '[{"rule":"inpatient-imc","by":"Dr Devi","on":"2026-11-01"}]' })
 */
export function rightsKeep({ records, attested, on = new Date() }: KeepOptions): KeepAnswer {
  const asked = records.map(recordOf)
  const keep = keepUntil(loadLaw(), { on, records: asked, attestations: attestationsOf(attested ?? "[]") })
  const kept = new Set(keep.map(({ record }) => record))
  return { on: dayInIndia(on), keep, free: asked.map(({ record }) => record).filter((record) => !kept.has(record)) }
}

function recordOf(text: string): { record: string; since: Date } {
  const [record = "", since = ""] = text.split("=")
  const moment = new Date(/^\d{4}-\d\d-\d\d$/.test(since) ? `${since}T00:00:00+05:30` : since)
  if (record !== "" && /^\d{4}-\d\d-\d\d/.test(since) && !Number.isNaN(moment.getTime()))
    return { record, since: moment }
  throw new WardkeepError("WK009", {
    message: "a record is a class and the day that its period counts from",
    hint: "Write inpatient=2025-02-01, the day in India.",
  })
}

function attestationsOf(text: string): Attestation[] {
  const fault = new WardkeepError("WK009", {
    message: "the attestations are no JSON list of rule, by and on",
    hint: 'Write [{"rule": "inpatient-imc", "by": "the name of who read it", "on": "2026-11-01"}].',
  })
  let read: unknown
  try {
    read = JSON.parse(text)
  } catch {
    throw fault
  }
  if (!Array.isArray(read)) throw fault
  return read.map((one: unknown) => {
    if (typeof one !== "object" || one === null) throw fault
    const { rule, by, on } = one as Record<string, unknown>
    if (typeof rule !== "string" || typeof by !== "string" || typeof on !== "string") throw fault
    return { rule, by, on }
  })
}
