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
    expect(made).toMatchObject({ status, provision: { type } })
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
