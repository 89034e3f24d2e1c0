import { Ajv } from "ajv"
import addFormats from "ajv-formats"
import { describe, expect, it } from "vitest"
import { abdmFaults, hiTypes, readAbdmArtefact } from "./abdm.js"

const text = { type: "string" }
const moment = { type: "string", format: "date-time" }
const object = (properties: Readonly<Record<string, object>>, optional: readonly string[] = []) => ({
  type: "object",
  properties,
  required: Object.keys(properties).filter((name) => !optional.includes(name)),
})
const party = object({ id: text })
const detailShape = {
  schemaVersion: text,
  consentId: text,
  createdAt: moment,
  patient: party,
  careContexts: { type: "array", items: object({ patientReference: text, careContextReference: text }) },
  purpose: object({ code: text, text, refUri: { type: "string", format: "uri" } }, ["refUri"]),
  hip: party,
  consentManager: party,
  hiTypes: { type: "array", items: { enum: hiTypes } },
  permission: object({
    accessMode: { enum: ["VIEW", "STORE", "QUERY", "STREAM"] },
    dateRange: object({ from: moment, to: moment }),
    dataEraseAt: moment,
    frequency: object(
      {
        unit: { enum: ["HOUR", "WEEK", "DAY", "MONTH", "YEAR"] },
        value: { type: "integer" },
        repeats: { type: "integer" },
      },
      ["unit", "value", "repeats"],
    ),
  }),
}
const status = { enum: ["GRANTED", "EXPIRED", "DENIED", "REQUESTED", "REVOKED"] }
const identifier = object({ value: text, type: text, system: text }, ["system"])
/**
 * The published structure: National Health Authority, Health Repository Provider Specifications 0.5. Departures, as the reader's:
 * ids without the format UUID, and the kinds of information that came later.
 */
const published = {
  /** HIPConsentNotification, `notification`: https://apisetu.gov.in/api_specification_v8/ndhm-hip.yaml */
  hip: object({ status, consentId: text, consentDetail: object(detailShape, ["schemaVersion"]), signature: text }),
  /** ConsentArtefactResponse, `consent`: https://apisetu.gov.in/api_specification_v8/ndhm-hiu.yaml */
  hiu: object({
    status,
    consentDetail: object(
      { ...detailShape, hiu: party, requester: object({ name: text, identifier }, ["identifier"]) },
      ["schemaVersion"],
    ),
    signature: text,
  }),
}
const ajv = new Ajv({ strict: true })
addFormats.default(ajv)
const valid = { hip: ajv.compile(published.hip), hiu: ajv.compile(published.hiu) }

const now = new Date("2026-11-28T00:00:00Z")
const detail = {
  consentId: "not-a-uuid",
  createdAt: "2026-11-01T00:00:00.000Z",
  patient: { id: "somebody@sbx" },
  careContexts: [{ patientReference: "p1", careContextReference: "visit-1" }],
  purpose: { text: "Care Management", code: "CAREMGT" },
  hip: { id: "hip-1" },
  consentManager: { id: "sbx" },
  hiTypes: ["Prescription", "OPConsultation"],
  permission: {
    accessMode: "VIEW",
    dateRange: { from: "2026-01-01T00:00:00.000Z", to: "2026-06-30T00:00:00.000Z" },
    dataEraseAt: "2026-12-31T00:00:00.000Z",
    frequency: { unit: "HOUR", value: 1, repeats: 0 },
  },
}
/** What who holds the records is told, and what who asked for them fetches. */
const notification = { status: "GRANTED", consentId: "not-a-uuid", signature: "c2ln", consentDetail: detail }
const fetched = {
  status: "GRANTED",
  signature: "c2ln",
  consentDetail: { ...detail, hiu: { id: "hiu-1" }, requester: { name: "Dr. M" } },
}
const permission = (over: object) => ({
  ...notification,
  consentDetail: { ...detail, permission: { ...detail.permission, ...over } },
})

const wrong = [undefined, null, 7, "", "no moment", [], [{}], {}, { id: 7 }]

/** Where a document has a value: each member, each element, and what they are in. */
function everyPlace(value: unknown, at: readonly string[] = []): (readonly string[])[] {
  const inner = typeof value === "object" && value !== null ? Object.entries(value) : []
  return [...(at.length > 0 ? [at] : []), ...inner.flatMap(([name, one]) => everyPlace(one, [...at, name]))]
}

function replaced(document: object, place: readonly string[], value: unknown): unknown {
  const copy: unknown = structuredClone(document)
  const holder = place.slice(0, -1).reduce<unknown>((one, name) => Reflect.get(one as object, name), copy) as object
  Reflect.set(holder, place.at(-1) ?? "", value)
  return JSON.parse(JSON.stringify(copy))
}

function isRead(document: unknown): boolean {
  try {
    readAbdmArtefact(document, now)
    return true
  } catch (error) {
    expect(error).toMatchObject({ code: "WK563" })
    return false
  }
}

describe("an artefact of a consent manager", () => {
  it("is read with its signature unverified, and ids that are no UUID", () => {
    expect(readAbdmArtefact(notification, now)).toMatchObject({
      id: "not-a-uuid",
      purpose: "CAREMGT",
      signature: "c2ln",
      hiu: null,
    })
    expect(readAbdmArtefact(fetched, now)).toMatchObject({ id: "not-a-uuid", hiu: "hiu-1", consentManager: "sbx" })
  })

  it("may leave open how often", () => {
    const open = permission({ frequency: {} })
    expect(valid.hip(open)).toBe(true)
    expect(readAbdmArtefact(open, now).frequency).toEqual({ unit: null, value: null, repeats: null })
  })

  it.each([
    ["hip", notification],
    ["hiu", fetched],
  ] as const)(
    "of a %s has the published structure; spoilt at any place it is read only where that allows it",
    (side, good) => {
      expect(valid[side](good)).toBe(true)
      const spoilt = everyPlace(good).flatMap((place) => wrong.map((value) => ({ place, value })))
      const read = spoilt.filter(({ place, value }) => {
        const document = replaced(good, place, value)
        if (!isRead(document)) return false
        expect(valid.hip(document) || valid.hiu(document), `${place.join(".")} = ${JSON.stringify(value)}`).toBe(true)
        return true
      })
      // Neither everything nor nothing is let through.
      expect(read.length).toBeGreaterThan(0)
      expect(read.length).toBeLessThan(spoilt.length / 2)
    },
  )

  it.each([
    ["another status", { ...notification, status: "REVOKED" }, /status is REVOKED/],
    ["two ids", { ...notification, consentId: "other" }, /ids differ/],
    ["an end that has passed", permission({ dataEraseAt: "2026-11-28T00:00:00.000Z" }), /dataEraseAt has passed/],
    ["no end", permission({ dataEraseAt: undefined }), /dataEraseAt/],
    [
      "a range that ends first",
      permission({ dateRange: { from: "2026-06-30T00:00:00Z", to: "2026-01-01T00:00:00Z" } }),
      /ends before/,
    ],
    ["an unknown kind", { ...notification, consentDetail: { ...detail, hiTypes: ["Everything"] } }, /unknown kind/],
    ["no kind", { ...notification, consentDetail: { ...detail, hiTypes: [] } }, /hiTypes/],
    ["a day to come", { ...notification, consentDetail: { ...detail, createdAt: "2027-01-01T00:00:00Z" } }, /future/],
    ["nothing", null, /the document/],
  ])("with %s is refused", (_, document, words) => {
    expect(() => readAbdmArtefact(document, now)).toThrow(
      expect.objectContaining({ code: "WK563", message: expect.stringMatching(words) }),
    )
  })

  it("lets a record go only to whom, of what, of when and while it says", () => {
    const artefact = readAbdmArtefact(fetched, now)
    const record = {
      hiu: "hiu-1",
      hip: "hip-1",
      patientReference: "p1",
      hiType: "Prescription",
      careContextReference: "visit-1",
      recordedAt: new Date("2026-06-30T00:00:00Z"),
    }
    expect(abdmFaults(artefact, record, now)).toEqual([])
    for (const over of [
      { hiu: "hiu-2" },
      { hip: "hip-2" },
      { patientReference: "p2" },
      { hiType: "DischargeSummary" },
      { careContextReference: "visit-2" },
      { recordedAt: new Date("2026-06-30T00:00:01Z") },
      { recordedAt: new Date(Number.NaN) },
    ])
      expect(abdmFaults(artefact, { ...record, ...over }, now)).toHaveLength(1)
    expect(abdmFaults(artefact, record, artefact.dataEraseAt)).toEqual(["the consent ended"])
    expect(abdmFaults(artefact, record, new Date(Number.NaN))).toEqual(["the consent ended"])
    expect(() => readAbdmArtefact(fetched, new Date(Number.NaN))).toThrow(/dataEraseAt has passed/)
  })
})
