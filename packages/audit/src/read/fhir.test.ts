import { Fhir } from "fhir"
import { describe, expect, it } from "vitest"
import { fhirAuditEvents } from "./fhir.js"
import type { AuditEvent } from "./read.js"

const validator = new Fhir()
/** The validator does not judge this type. Form: https://hl7.org/fhir/R4/datatypes.html#instant */
const instant = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/

/** What HL7's own definitions of R4 say against a resource: cardinalities, bindings that are required, elements that do not exist. */
function structureFaults(resource: Json): string[] {
  const { messages } = validator.validate(resource, { errorOnUnexpected: true })
  const faults = messages.filter(({ severity }) => severity === "error" || severity === "fatal")
  return [
    ...faults.map(({ location, message }) => `${location}: ${message}`),
    ...(instant.test(String(resource.recorded)) ? [] : ["AuditEvent.recorded is no instant"]),
  ]
}

const dicom = "http://dicom.nema.org/resources/ontology/DCM"
const kinds = "http://terminology.hl7.org/CodeSystem/audit-entity-type"
const participation = "http://terminology.hl7.org/CodeSystem/v3-ParticipationType"

/** IHE Basic Audit Log Patterns: what a profile asks for beyond the resource (https://profiles.ihe.net/ITI/BALP). */
const profiles = {
  Read: {
    action: "R",
    subtype: "read",
    client: `${dicom}|110152`,
    server: `${dicom}|110153`,
    user: [`${participation}|IRCP`],
    bare: false,
  },
  Create: {
    action: "C",
    subtype: "create",
    client: `${dicom}|110153`,
    server: `${dicom}|110152`,
    user: ["AUT", "INF", "CST"].map((c) => `${participation}|${c}`),
    bare: false,
  },
  Update: {
    action: "U",
    subtype: "update",
    client: `${dicom}|110153`,
    server: `${dicom}|110152`,
    user: ["AUT", "INF", "CST"].map((c) => `${participation}|${c}`),
    bare: false,
  },
  Delete: {
    action: "D",
    subtype: "delete",
    client: `${dicom}|110150`,
    server: "http://terminology.hl7.org/CodeSystem/provenance-participant-type|custodian",
    user: ["AUT", "INF", "CST"].map((c) => `${participation}|${c}`),
    bare: true,
  },
} as const

type Json = Record<string, unknown>
const token = (coding: unknown): string => {
  const { system, code } = coding as Json
  return `${system}|${code}`
}

function profileFaults(resource: Json): string[] {
  const [named = ""] = ((resource.meta as Json).profile as string[]) ?? []
  const found =
    /^https:\/\/profiles\.ihe\.net\/ITI\/BALP\/StructureDefinition\/IHE\.BasicAudit\.(Patient)?(Read|Create|Update|Delete)$/.exec(
      named,
    )
  if (found === null) return [`no such profile: ${named}`]
  const asked = profiles[found[2] as keyof typeof profiles]
  const faults: string[] = []
  const want = (holds: boolean, what: string): void => {
    if (!holds) faults.push(what)
  }
  want(token(resource.type) === "http://terminology.hl7.org/CodeSystem/audit-event-type|rest", "type")
  want(
    (resource.subtype as Json[]).some(
      (each) => token(each) === `http://hl7.org/fhir/restful-interaction|${asked.subtype}`,
    ),
    "subtype",
  )
  want(resource.action === asked.action, "action")
  want(resource.outcome === "0", "outcome")
  const agents = resource.agent as Json[]
  const typed = (codes: readonly string[]): Json[] =>
    agents.filter(({ type }) => ((type as Json).coding as Json[]).some((coding) => codes.includes(token(coding))))
  for (const codes of [[asked.client], [asked.server]]) {
    const [agent, second] = typed(codes)
    want(agent?.who !== undefined && agent.network !== undefined && second === undefined, `agent ${codes}`)
    if (asked.bare)
      want(agent?.role === undefined && agent?.purposeOfUse === undefined, `agent ${codes} holds more than it may`)
  }
  const [user, another] = typed(asked.user)
  want(
    user?.who !== undefined && user.requestor === true && user.network === undefined && another === undefined,
    "user",
  )
  const entities = (resource.entity ?? []) as Json[]
  const of = (code: string): Json[] => entities.filter(({ type }) => token(type) === code)
  const [data, more] = of(`${kinds}|2`)
  want(data?.what !== undefined && data.role !== undefined && more === undefined, "data")
  if (asked.bare) want(data?.detail === undefined, "data holds a detail")
  if (found[1] === "Patient") {
    const [patient, other] = of(`${kinds}|1`)
    want(
      patient?.what !== undefined &&
        token(patient.role) === "http://terminology.hl7.org/CodeSystem/object-role|1" &&
        other === undefined,
      "patient",
    )
  }
  const [transaction] = of("https://profiles.ihe.net/ITI/BALP/CodeSystem/BasicAuditEntityType|XrequestId")
  if (transaction !== undefined)
    want(((transaction.what as Json).identifier as Json).value !== undefined, "transaction")
  return faults
}

const event: AuditEvent = {
  at: "2026-11-28T02:30:00.123456Z",
  actor: "asha",
  role: "doctor",
  purpose: "care",
  branch: "b",
  verb: "view",
  relation: "public.patient",
  record: null,
  subject: "11111111-2222-3333-4444-555555555555",
  request: "r-1",
  n: 1,
  sealed: true,
  detail: { full_name: ["Ravi", "Ravi K"] },
  id: "4711",
}
const site = { server: { name: "clinic", address: "clinic.example" } }
const verbs = ["view", "create", "update", "delete", "download", "print", "export", "share"]
const asJson = (events: AuditEvent[]): Json[] => JSON.parse(JSON.stringify(fhirAuditEvents(events, { site })))

describe("an event as FHIR", () => {
  it.each(verbs)(
    "%s is an AuditEvent of R4 and of its pattern, with and without a person, record and request",
    (verb) => {
      const some = [
        event,
        { ...event, subject: null },
        { ...event, record: "r 1" },
        { ...event, request: null },
        { ...event, subject: "ä person/1" },
      ]
      for (const resource of asJson(some.map((each) => ({ ...each, verb })))) {
        expect(structureFaults(resource)).toEqual([])
        expect(profileFaults(resource)).toEqual([])
        expect(JSON.stringify(resource)).not.toContain("Ravi")
      }
    },
  )

  it("is an act where it neither showed nor wrote a record, after no pattern, and a legal hold is one placed or released", () => {
    const code = (verb: string, phase?: string): unknown => {
      const [resource = {}] = asJson([{ ...event, verb, detail: phase === undefined ? null : { phase } }])
      expect(structureFaults(resource)).toEqual([])
      expect(resource).toMatchObject({ action: "E", outcome: "0" })
      expect(resource).not.toHaveProperty("meta")
      expect(JSON.stringify(resource.entity)).toContain(`"valueString":"${verb}"`)
      expect(JSON.stringify(resource.entity)).toContain(`Patient/${event.subject}`)
      return [(resource.type as Json).code, (resource.subtype as Json[] | undefined)?.[0]?.code]
    }
    expect(code("hold", "placed")).toEqual(["hold", undefined])
    expect(code("hold", "released")).toEqual(["unhold", undefined])
    expect(code("hold")).toEqual(["hold", undefined])
    for (const verb of ["break_glass", "consent", "rights", "open", "retention"])
      expect(code(verb, "declared")).toEqual(["rest", "operation"])
  })

  it("is a resource of its own, also where it differs from another one by its number alone", () => {
    const ids = asJson([event, event, { ...event, id: "4712" }]).map(({ id }) => id)
    expect(ids[1]).toBe(ids[0])
    expect(ids[2]).not.toBe(ids[0])
  })

  it("is an alert where it was refused, after no pattern", () => {
    for (const resource of asJson([
      { ...event, verb: "deny" },
      { ...event, verb: "login" },
    ])) {
      expect(structureFaults(resource)).toEqual([])
      expect(resource.outcome).toBe("8")
    }
  })

  it("would be found at fault, by the definitions of R4 and by the pattern", () => {
    const [good = {}] = asJson([event])
    const agent = good.agent as Json[]
    const entity = good.entity as Json[]
    const bad: [Json, RegExp][] = [
      [{ ...good, source: undefined }, /source/],
      [{ ...good, recorded: "yesterday" }, /instant/],
      [{ ...good, severity: "x" }, /severity/],
      [{ ...good, agent: agent.slice(1) }, /agent/],
      [{ ...good, agent: agent.slice(0, 2) }, /user/],
      [{ ...good, entity: entity.slice(0, 1) }, /data|patient/],
      [{ ...good, action: "C" }, /action/],
      [{ ...good, subtype: good.subtype && (good.subtype as Json[])[0] }, /not an array/],
    ]
    for (const [resource, fault] of bad) {
      const faults = structureFaults(JSON.parse(JSON.stringify(resource)))
      expect((faults.length > 0 ? faults : profileFaults(resource)).join()).toMatch(fault)
    }
  })
})
