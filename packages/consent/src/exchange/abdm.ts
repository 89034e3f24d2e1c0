import { WardkeepError } from "@wardkeep/core"
import { z } from "zod"

const id = z.string().min(1)
const party = z.looseObject({ id })
const moment = z.iso.datetime({ offset: true })

/**
 * The artefact as consent managers of the Ayushman Bharat Digital Mission send it. One document serves both sides: who holds
 * records is notified without `hiu`, who asked for them fetches it without the outer `consentId`. Ids are opaque: the
 * specification says UUID, and not every one is. Nothing was tried against a sandbox.
 *
 * Source: National Health Authority, Health Repository Provider Specifications 0.5, for HIP (HIPConsentNotification) and for HIU
 * (ConsentArtefactResponse), https://apisetu.gov.in/api_specification_v8/ndhm-hip.yaml and ndhm-hiu.yaml
 */
const artefact = z.looseObject({
  status: z.enum(["REQUESTED", "GRANTED", "DENIED", "REVOKED", "EXPIRED"]),
  consentId: id.optional(),
  signature: id,
  consentDetail: z.looseObject({
    consentId: id,
    createdAt: moment,
    patient: party,
    careContexts: z.array(z.looseObject({ patientReference: id, careContextReference: id })).min(1),
    purpose: z.looseObject({ code: id, text: z.string() }),
    hip: party,
    hiu: party.optional(),
    requester: z.looseObject({ name: z.string() }).optional(),
    consentManager: party,
    hiTypes: z.array(id).min(1),
    permission: z.looseObject({
      accessMode: z.enum(["VIEW", "STORE", "QUERY", "STREAM"]),
      dateRange: z.looseObject({ from: moment, to: moment }),
      dataEraseAt: moment,
      frequency: z.looseObject({
        unit: z.enum(["HOUR", "DAY", "WEEK", "MONTH", "YEAR"]).optional(),
        value: z.number().int().min(1).optional(),
        repeats: z.number().int().min(0).optional(),
      }),
    }),
  }),
})

/** Kinds of health information that artefacts name: the four of the specification, and three that the public client ohcnetwork/care_abdm knows. */
export const hiTypes = [
  "Prescription",
  "DiagnosticReport",
  "OPConsultation",
  "DischargeSummary",
  "ImmunizationRecord",
  "HealthDocumentRecord",
  "WellnessRecord",
] as const

export interface AbdmArtefact {
  readonly id: string
  readonly patient: string
  readonly purpose: string
  readonly hip: string
  /** Who asked. Null where the consent manager told only who holds the records. */
  readonly hiu: string | null
  readonly consentManager: string
  readonly hiTypes: readonly string[]
  readonly careContexts: readonly { readonly patientReference: string; readonly careContextReference: string }[]
  readonly accessMode: string
  readonly from: Date
  readonly to: Date
  /** When the consent ends, and by when who received the data erases it. */
  readonly dataEraseAt: Date
  /** Requests per `unit` times `value`; who serves them counts. Null what the artefact leaves open. */
  readonly frequency: { readonly unit: string | null; readonly value: number | null; readonly repeats: number | null }
  /** Kept as it came. Nothing here verifies it: what the signature covers is not published. */
  readonly signature: string
}

/**
 * Reads an artefact from a consent manager, and refuses one that permits nothing: another status than granted, past
 * `dataEraseAt`, a date range that is empty or begins after it ends, kinds of information that nobody knows.
 *
 * @param document the `notification` of a HIP's callback, or the `consent` that a HIU fetched, parsed
 * @throws WK563 not such a document, or one of the above
 * @example const artefact = readAbdmArtefact(JSON.parse(body).notification, new Date())
 */
export function readAbdmArtefact(document: unknown, now: Date): AbdmArtefact {
  const read = artefact.safeParse(document)
  if (!read.success) {
    const at = [...new Set(read.error.issues.map(({ path }) => path.join(".") || "the document"))]
    throw refused(`these parts are missing or not as they should be: ${at.join(", ")}`)
  }
  const { status, consentId, signature, consentDetail: detail } = read.data
  if (consentId === undefined && (detail.hiu === undefined || detail.requester === undefined))
    throw refused("it has neither the consentId of a notification nor the hiu and requester of what is fetched")
  if (consentId !== undefined && consentId !== detail.consentId) throw refused("its two consent ids differ")
  if (status !== "GRANTED") throw refused(`its status is ${status}`)
  const { permission } = detail
  const [from, to] = [new Date(permission.dateRange.from), new Date(permission.dateRange.to)]
  const dataEraseAt = new Date(permission.dataEraseAt)
  // Both written so that a clock which says no moment fails.
  if (!(now < dataEraseAt)) throw refused("its dataEraseAt has passed")
  if (!(new Date(detail.createdAt) <= now)) throw refused("it was created in the future")
  if (to < from) throw refused("its date range ends before it begins")
  const known: readonly string[] = hiTypes
  if (!detail.hiTypes.every((type) => known.includes(type))) throw refused("it names an unknown kind of information")
  return {
    id: detail.consentId,
    patient: detail.patient.id,
    purpose: detail.purpose.code,
    hip: detail.hip.id,
    hiu: detail.hiu?.id ?? null,
    consentManager: detail.consentManager.id,
    hiTypes: detail.hiTypes,
    careContexts: detail.careContexts.map(({ patientReference, careContextReference }) => ({
      patientReference,
      careContextReference,
    })),
    accessMode: permission.accessMode,
    from,
    to,
    dataEraseAt,
    frequency: {
      unit: permission.frequency.unit ?? null,
      value: permission.frequency.value ?? null,
      repeats: permission.frequency.repeats ?? null,
    },
    signature,
  }
}

export interface AbdmRecord {
  /** Who asks, as far as it is known: null for a request that names nobody, which only an artefact that names nobody lets through. */
  readonly hiu: string | null
  /** The facility that holds the record, and the person and the care context as it names them: one number may be of several persons. */
  readonly hip: string
  readonly patientReference: string
  readonly careContextReference: string
  readonly hiType: string
  /** The moment that the record is of. */
  readonly recordedAt: Date
}

/**
 * Whether an artefact lets one record go to whoever asks, at this moment. Ask for each record and each time: an artefact that
 * exists permits nothing by itself.
 *
 * @returns what is in the way, in words; empty where nothing is. Whether it was revoked since and how often it was used, the caller knows
 * @example if (abdmFaults(artefact, record, new Date()).length > 0) return refuse()
 */
export function abdmFaults(artefact: AbdmArtefact, record: AbdmRecord, now: Date): readonly string[] {
  const { recordedAt } = record
  return [
    // These two are written so that a date which is none fails.
    ...(now < artefact.dataEraseAt ? [] : ["the consent ended"]),
    ...(recordedAt >= artefact.from && recordedAt <= artefact.to ? [] : ["the record is outside of its date range"]),
    ...(record.hiu !== artefact.hiu ? ["it was given to another facility"] : []),
    ...(record.hip !== artefact.hip ? ["it is about records of another facility"] : []),
    ...(artefact.hiTypes.includes(record.hiType) ? [] : ["it does not cover this kind of information"]),
    ...(artefact.careContexts.some(
      (context) =>
        context.patientReference === record.patientReference &&
        context.careContextReference === record.careContextReference,
    )
      ? []
      : ["it does not cover this care context"]),
  ]
}

function refused(what: string): WardkeepError {
  return new WardkeepError("WK563", { message: `the artefact permits nothing: ${what}` })
}
