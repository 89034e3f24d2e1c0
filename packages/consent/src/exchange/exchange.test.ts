import { describe, expect, it } from "vitest"
import type { ConsentEvent } from "../ledger/event.js"
import { abdmFaults, readAbdmArtefact } from "./abdm.js"
import { fhirConsent } from "./fhir.js"

type Shape = Readonly<Record<string, { min: 0 | 1; many?: true; is: Shape | "text" | readonly string[] | RegExp }>>

const coding: Shape = { system: { min: 0, is: "text" }, code: { min: 0, is: "text" }, display: { min: 0, is: "text" } }
const concept: Shape = { coding: { min: 0, many: true, is: coding }, text: { min: 0, is: "text" } }
const reference: Shape = { reference: { min: 0, is: "text" } }
const dateTime = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/
const period: Shape = { start: { min: 0, is: dateTime }, end: { min: 0, is: dateTime } }
/**
 * Elements of the Consent of FHIR 4.0.1 with their cardinalities and required codes, as far as an export writes them; what is
 * not listed is refused. Source: https://hl7.org/fhir/R4/consent.html, differential table and invariants ppc-1 and ppc-2.
 */
const consentShape: Shape = {
  resourceType: { min: 1, is: ["Consent"] },
  id: { min: 0, is: /^[A-Za-z0-9\-.]{1,64}$/ },
  language: { min: 0, is: "text" },
  text: {
    min: 0,
    is: {
      status: { min: 1, is: ["generated", "extensions", "additional", "empty"] },
      div: { min: 1, is: /^<div xmlns="http:\/\/www.w3.org\/1999\/xhtml">.*<\/div>$/ },
    },
  },
  status: { min: 1, is: ["draft", "proposed", "active", "rejected", "inactive", "entered-in-error"] },
  scope: { min: 1, is: concept },
  category: { min: 1, many: true, is: concept },
  patient: { min: 0, is: reference },
  dateTime: { min: 0, is: dateTime },
  organization: { min: 0, many: true, is: reference },
  policy: { min: 0, many: true, is: { authority: { min: 0, is: "text" }, uri: { min: 0, is: "text" } } },
  policyRule: { min: 0, is: concept },
  provision: {
    min: 0,
    is: {
      type: { min: 0, is: ["deny", "permit"] },
      period: { min: 0, is: period },
      purpose: { min: 0, many: true, is: coding },
    },
  },
}

function structureFaults(value: unknown, shape: Shape, at = "Consent"): string[] {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return [`${at} is no element`]
  const given = new Map(Object.entries(value))
  const unknown = [...given.keys()]
    .filter((name) => !Object.hasOwn(shape, name))
    .map((name) => `${at}.${name} is unknown`)
  const faults = Object.entries(shape).flatMap(([name, { min, many, is }]) => {
    const found = given.get(name)
    const here = `${at}.${name}`
    if (found === undefined) return min === 1 ? [`${here} is missing`] : []
    if ((many === true) !== Array.isArray(found)) return [`${here} has the wrong cardinality`]
    const all: unknown[] = Array.isArray(found) ? found : [found]
    if (all.length === 0) return [`${here} is empty`]
    return all.flatMap((one) => {
      if (is === "text") return typeof one === "string" && one !== "" ? [] : [`${here} is no text`]
      if (is instanceof RegExp) return typeof one === "string" && is.test(one) ? [] : [`${here} has no such form`]
      if (Array.isArray(is)) return is.includes(one) ? [] : [`${here} has no such code`]
      return structureFaults(one, is as Shape, here)
    })
  })
  return [...unknown, ...faults]
}

/** ppc-1: a policy or a policyRule. ppc-2: a privacy consent has a patient. */
function invariantFaults(value: Readonly<Record<string, unknown>>): string[] {
  return [
    ...(value.policy === undefined && value.policyRule === undefined ? ["ppc-1"] : []),
    ...(value.patient === undefined && JSON.stringify(value.scope ?? "").includes("patient-privacy") ? ["ppc-2"] : []),
  ]
}

const event = (kind: ConsentEvent["kind"], at: string, over: Partial<ConsentEvent> = {}): ConsentEvent => ({
  id: "3b241101-e2bb-4255-8caf-4136c566a962",
  at,
  kind,
  purpose: "outreach",
  notice: null,
  language: null,
  by: "subject",
  representation: null,
  channel: "desk",
  method: "signature",
  evidence: "form",
  evidence_sha256: null,
  valid_until: null,
  detail: {},
  actor: "asha",
  role: "desk",
  acting_for: "care",
  born: "1985-03-01",
  ...over,
})
const asked = {
  purpose: "outreach",
  at: new Date("2026-12-01T00:00:00Z"),
  patient: "Patient/17",
  organization: "Organization/1",
  purposeSystem: "https://clinic.example/purposes",
  policyUri: "https://clinic.example/privacy",
}

describe("a FHIR R4 Consent", () => {
  it.each([
    ["granted", "active", "permit"],
    ["refused", "rejected", "deny"],
    ["withdrawn", "inactive", "deny"],
    ["requested", "proposed", "deny"],
    ["objected", "active", "deny"],
  ] as const)("of what was %s is %s, %s, and has the published structure", (kind, status, type) => {
    const made = fhirConsent(
      [event("granted", "2026-10-01T00:00:00.000001Z"), event(kind, "2026-11-01T00:00:00.000001Z")],
      asked,
    )
    expect(made).toMatchObject({ status, provision: { type } })
    const written = JSON.parse(JSON.stringify(made))
    expect([...structureFaults(written, consentShape), ...invariantFaults(written)]).toEqual([])
  })

  it("does not exist where nothing was decided, ends when its time ends, and carries no markup of a purpose", () => {
    expect(fhirConsent([], asked)).toBeNull()
    expect(fhirConsent([event("objection_lifted", "2026-11-01T00:00:00.000001Z")], asked)).toBeNull()
    const ended = event("granted", "2026-10-01T00:00:00.000001Z", {
      valid_until: new Date("2026-11-01T00:00:00Z"),
      language: "ta",
    })
    expect(fhirConsent([ended], asked)).toMatchObject({
      status: "inactive",
      language: "ta",
      provision: { type: "deny" },
    })
    const odd = fhirConsent([event("granted", "2026-10-01T00:00:00.000001Z", { purpose: "<b>" })], {
      ...asked,
      purpose: "<b>",
    })
    expect(odd?.text.div).toContain("&lt;b&gt;")
  })

  it("the validator finds what is missing, unknown, single where many are meant, and of another code", () => {
    const good = JSON.parse(JSON.stringify(fhirConsent([event("granted", "2026-10-01T00:00:00.000001Z")], asked)))
    const { scope, patient, policy, policyRule, ...rest } = good
    expect(structureFaults(rest, consentShape)).toEqual(["Consent.scope is missing"])
    expect(invariantFaults({ scope, policy })).toEqual(["ppc-2"])
    expect(invariantFaults({ patient })).toEqual(["ppc-1"])
    expect(structureFaults({ ...good, policyRule, category: scope, status: "given", notice: 1 }, consentShape)).toEqual(
      ["Consent.notice is unknown", "Consent.status has no such code", "Consent.category has the wrong cardinality"],
    )
  })
})

const now = new Date("2026-11-28T00:00:00Z")
const detail = {
  consentId: "not-a-uuid",
  createdAt: "2026-11-01T00:00:00.000Z",
  patient: { id: "somebody@sbx" },
  careContexts: [{ patientReference: "p1", careContextReference: "visit-1" }],
  purpose: { text: "Care Management", code: "CAREMGT" },
  hip: { id: "hip-1" },
  hiu: { id: "hiu-1" },
  hiTypes: ["Prescription", "OPConsultation"],
  permission: {
    accessMode: "VIEW",
    dateRange: { from: "2026-01-01T00:00:00.000Z", to: "2026-06-30T00:00:00.000Z" },
    dataEraseAt: "2026-12-31T00:00:00.000Z",
    frequency: { unit: "HOUR", value: 1, repeats: 0 },
  },
}
const notification = { status: "GRANTED", consentId: "not-a-uuid", signature: "c2ln", consentDetail: detail }
const permission = (over: object) => ({
  ...notification,
  consentDetail: { ...detail, permission: { ...detail.permission, ...over } },
})

describe("an artefact of a consent manager", () => {
  it("is read with its signature unverified, and ids that are no UUID", () => {
    expect(readAbdmArtefact(notification, now)).toMatchObject({
      id: "not-a-uuid",
      purpose: "CAREMGT",
      signature: "c2ln",
    })
  })

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
    const artefact = readAbdmArtefact(notification, now)
    const record = {
      hiu: "hiu-1",
      hiType: "Prescription",
      careContextReference: "visit-1",
      recordedAt: new Date("2026-06-30T00:00:00Z"),
    }
    expect(abdmFaults(artefact, record, now)).toEqual([])
    for (const over of [
      { hiu: "hiu-2" },
      { hiType: "DischargeSummary" },
      { careContextReference: "visit-2" },
      { recordedAt: new Date("2026-06-30T00:00:01Z") },
      { recordedAt: new Date(Number.NaN) },
    ])
      expect(abdmFaults(artefact, { ...record, ...over }, now)).toHaveLength(1)
    expect(abdmFaults(artefact, record, artefact.dataEraseAt)).toEqual(["the consent ended"])
  })
})
