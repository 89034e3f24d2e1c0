import { Fhir } from "fhir"
import { describe, expect, it } from "vitest"
import type { ConsentEvent } from "../ledger/event.js"
import { fhirConsent } from "./fhir.js"

const validator = new Fhir()

/** What HL7's own definitions of R4 say against a resource: cardinalities, bindings that are required, elements that do not exist. */
function structureFaults(resource: object): string[] {
  const { messages } = validator.validate(resource, { errorOnUnexpected: true })
  return messages
    .filter(({ severity }) => severity === "error" || severity === "fatal")
    .map(({ location, message }) => `${location}: ${message}`)
}

/** What the validator does not judge: ppc-1 and ppc-2 of https://hl7.org/fhir/R4/consent.html, the id, and the narrative's root. */
function invariantFaults(value: Readonly<Record<string, unknown>>): string[] {
  const { div } = value.text as { readonly div: string }
  return [
    ...(value.policy === undefined && value.policyRule === undefined ? ["ppc-1"] : []),
    ...(value.patient === undefined && JSON.stringify(value.scope ?? "").includes("patient-privacy") ? ["ppc-2"] : []),
    ...(/^[A-Za-z0-9\-.]{1,64}$/.test(String(value.id)) ? [] : ["id"]),
    ...(/^<div xmlns="http:\/\/www.w3.org\/1999\/xhtml">.*<\/div>$/.test(div) ? [] : ["div"]),
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
    expect(made).toMatchObject({ status, provision: { type }, performer: [{ reference: "Patient/17" }] })
    const written = JSON.parse(JSON.stringify(made))
    expect([...structureFaults(written), ...invariantFaults(written)]).toEqual([])
  })

  it("does not exist where nothing was decided, ends when its time ends, and carries no markup of a purpose", () => {
    expect(fhirConsent([], asked)).toBeNull()
    expect(fhirConsent([event("objection_lifted", "2026-11-01T00:00:00.000001Z")], asked)).toBeNull()
    const ended = event("granted", "2026-10-01T00:00:00.000001Z", {
      valid_until: new Date("2026-11-01T00:00:00Z"),
      language: "ta",
    })
    const made = fhirConsent([ended], asked)
    expect(made).toMatchObject({ status: "inactive", provision: { type: "deny" } })
    // The language of the notice is not that of the resource, and a denial that ended would deny no more.
    expect(Object.keys(made ?? {})).not.toContain("language")
    expect(Object.keys(made?.provision ?? {})).not.toContain("period")
    const odd = fhirConsent([event("granted", "2026-10-01T00:00:00.000001Z", { purpose: "<b>" })], {
      ...asked,
      purpose: "<b>",
    })
    expect(odd?.text.div).toContain("&lt;b&gt;")
  })

  it("of a child ends with the eighteenth birthday and names who gave it, though nobody set an end", () => {
    const given = event("granted", "2026-10-01T00:00:00.000001Z", { by: "parent", born: "2009-03-01" })
    const made = fhirConsent([given], asked)
    expect(made).toMatchObject({
      status: "active",
      performer: [{ type: "RelatedPerson", display: "parent" }],
      provision: { type: "permit", period: { start: given.at, end: "2027-02-28T18:30:00.000Z" } },
    })
    expect(structureFaults(JSON.parse(JSON.stringify(made)))).toEqual([])
    expect(fhirConsent([given], { ...asked, at: new Date("2027-02-28T18:30:00Z") })).toMatchObject({
      status: "inactive",
      provision: { type: "deny" },
    })
  })

  it("keeps the end of what was given when an objection to it is lifted", () => {
    const until = new Date("2027-01-01T00:00:00Z")
    const said = [
      event("granted", "2026-10-01T00:00:00.000001Z", { valid_until: until }),
      event("objected", "2026-10-02T00:00:00.000001Z"),
      event("objection_lifted", "2026-10-03T00:00:00.000001Z"),
    ]
    expect(fhirConsent(said, asked)?.provision).toMatchObject({
      type: "permit",
      period: { start: "2026-10-03T00:00:00.000001Z", end: until.toISOString() },
    })
  })

  it("is the same resource from the first word to the withdrawal, in whatever order the events come", () => {
    const said = (
      [
        ["requested", "2026-10-01T00:00:00.000001Z"],
        ["granted", "2026-10-02T00:00:00.000001Z"],
        ["withdrawn", "2026-10-02T00:00:00.000500Z"],
      ] as const
    ).map(([kind, at], n) => event(kind, at, { id: `3b241101-e2bb-4255-8caf-4136c566a96${n}` }))
    const made = ["2026-10-01T12:00:00Z", "2026-10-02T00:00:00Z", "2026-10-02T12:00:00Z"].map((at) =>
      fhirConsent([...said].reverse(), { ...asked, at: new Date(at) }),
    )
    expect(made.map((one) => one?.status)).toEqual(["proposed", "proposed", "inactive"])
    expect(new Set(made.map((one) => one?.id))).toEqual(new Set([said[0]?.id]))
    expect(() => fhirConsent(said, { ...asked, at: new Date(Number.NaN) })).toThrow(
      expect.objectContaining({ code: "WK009" }),
    )
  })

  it("the validator finds what is missing, unknown, single where many are meant, of another code, and no moment", () => {
    const good = JSON.parse(JSON.stringify(fhirConsent([event("granted", "2026-10-01T00:00:00.000001Z")], asked)))
    const { scope, patient, policy, policyRule, ...rest } = good
    expect(structureFaults({ ...rest, patient, policy })).toEqual(["Consent.scope: Missing property"])
    expect(structureFaults({ ...good, notice: 1 })).toEqual(["Consent.notice: Unexpected property"])
    expect(structureFaults({ ...good, category: scope })).toEqual(["Consent.category: Property is not an array"])
    expect(structureFaults({ ...good, status: "given" })).toEqual([
      'Consent.status: Code "given" not found in value set',
    ])
    expect(structureFaults({ ...good, dateTime: "yesterday" })).toHaveLength(1)
    expect(invariantFaults({ ...rest, scope, policy })).toEqual(["ppc-2"])
    expect(invariantFaults({ ...rest, patient })).toEqual(["ppc-1"])
    expect(invariantFaults({ ...good, id: "a b", text: { div: "<p/>" } })).toEqual(["id", "div"])
  })
})
