import { escapeMarkup } from "@wardkeep/core"
import type { ConsentEvent, Giver } from "../ledger/event.js"
import { type ConsentState, consentAt, saidUntil } from "../ledger/state.js"

/** Codes of FHIR R4 (4.0.1): https://hl7.org/fhir/R4/consent.html and the value sets that it binds. */
const systems = {
  scope: "http://terminology.hl7.org/CodeSystem/consentscope",
  category: "http://loinc.org",
  rule: "http://terminology.hl7.org/CodeSystem/v3-ActCode",
} as const

interface Coding {
  readonly system?: string
  readonly code: string
  readonly display?: string
}
interface Concept {
  readonly coding: readonly Coding[]
}

/** A FHIR R4 Consent, as far as a ledger can fill it. */
export interface FhirConsent {
  readonly resourceType: "Consent"
  readonly id: string
  readonly text: { readonly status: "generated"; readonly div: string }
  readonly status: "proposed" | "active" | "rejected" | "inactive"
  readonly scope: Concept
  readonly category: readonly Concept[]
  readonly patient: { readonly reference: string }
  readonly dateTime: string
  readonly performer?: readonly [{ readonly reference: string } | { readonly type: string; readonly display: string }]
  readonly organization: readonly { readonly reference: string }[]
  readonly policy: readonly { readonly uri: string }[]
  readonly policyRule: Concept
  readonly provision: {
    readonly type: "permit" | "deny"
    readonly period?: { readonly start?: string; readonly end?: string }
    readonly purpose: readonly Coding[]
  }
}

export interface FhirOptions {
  readonly purpose: string
  readonly at: Date
  /** Literal references, such as `Patient/17` and `Organization/anna-nagar`. */
  readonly patient: string
  readonly organization: string
  /** The purposes of the clinic are its own code system; its address. */
  readonly purposeSystem: string
  /** Where the policy behind the consent can be read. */
  readonly policyUri: string
}

const actingFor: Readonly<Record<Exclude<Giver, "subject">, string>> = {
  parent: "parent",
  child_guardian: "guardian of a child",
  guardian: "guardian",
  nominee: "nominee",
}

const statusOf: Readonly<Record<ConsentState["state"], FhirConsent["status"] | null>> = {
  none: null,
  requested: "proposed",
  granted: "active",
  refused: "rejected",
  withdrawn: "inactive",
  expired: "inactive",
}

/**
 * Where a person stood about one purpose, as a FHIR R4 Consent: one resource for the person and the purpose, whose id stays, so that a
 * withdrawal takes the place of what was given where the other system keeps resources by id. A refusal is a rejected Consent,
 * not a missing one. A parent's consent ends with the eighteenth birthday, as in `consentAt`. R4 has no place for the version
 * and language of a notice or how somebody withdrew; hand the proof along where those matter. An objection to what needs no
 * consent is a Consent that denies. It knows nothing of who is restricted by an erasure: ask before it leaves.
 *
 * @returns null where nothing was ever decided
 * @throws WK009 a moment that is none
 * @example fhirConsent(await history(wk, subject), { purpose: "outreach", at: new Date(), patient: "Patient/17",
 *   organization: "Organization/1", purposeSystem: "https://clinic.example/purposes", policyUri: "https://clinic.example/privacy" })
 */
export function fhirConsent(events: readonly ConsentEvent[], options: FhirOptions): FhirConsent | null {
  const { purpose, at } = options
  const stood = consentAt(events, { purpose, at })
  const said = saidUntil(events, { purpose, at })
  const [first] = said
  const last = said.at(-1)
  const status = stood.objected ? "active" : statusOf[stood.state]
  if (first === undefined || last === undefined || status === null) return null
  const permits = stood.state === "granted" && !stood.objected
  return {
    resourceType: "Consent",
    id: first.id,
    text: narrative(
      `${purpose}: ${stood.objected ? "objected" : stood.state}, by what was said on ${last.at.slice(0, 10)}`,
    ),
    status,
    scope: concept(systems.scope, "patient-privacy", "Privacy Consent"),
    category: [concept(systems.category, "59284-0", "Consent Document")],
    patient: { reference: options.patient },
    dateTime: last.at,
    ...(last.by !== null && { performer: [performer(last.by, options.patient)] as const }),
    organization: [{ reference: options.organization }],
    policy: [{ uri: options.policyUri }],
    policyRule: concept(systems.rule, permits ? "OPTIN" : "OPTOUT", permits ? "opt-in" : "opt-out"),
    provision: {
      type: permits ? "permit" : "deny",
      // A period of what denies would say when it stops denying.
      ...(permits && {
        period: { start: last.at, ...(stood.until !== undefined && { end: stood.until.toISOString() }) },
      }),
      purpose: [{ system: options.purposeSystem, code: purpose }],
    },
  }
}

function performer(by: Giver, patient: string) {
  return by === "subject" ? { reference: patient } : { type: "RelatedPerson", display: actingFor[by] }
}

const concept = (system: string, code: string, display: string): Concept => ({ coding: [{ system, code, display }] })

const narrative = (words: string): FhirConsent["text"] => ({
  status: "generated",
  div: `<div xmlns="http://www.w3.org/1999/xhtml"><p>${escapeMarkup(words)}</p></div>`,
})
