import { createHash } from "node:crypto"
import type { AuditEvent } from "./read.js"

/** Who recorded, and through what: the log itself holds no addresses. */
export interface AuditEventSite {
  /** The server's name and address, such as `clinic.example`. */
  readonly server: { readonly name: string; readonly address: string }
  /** The application that asked. Default: the server itself. */
  readonly application?: { readonly name: string; readonly address: string }
}

interface Coding {
  readonly system: string
  readonly code: string
  readonly display?: string
}

interface Concept {
  readonly coding: readonly Coding[]
}

/** A FHIR R4 AuditEvent, as far as it is written here. */
export interface FhirAuditEvent {
  readonly resourceType: "AuditEvent"
  readonly id: string
  readonly meta?: { readonly profile: readonly string[] }
  readonly type: Coding
  readonly subtype?: readonly Coding[]
  readonly action: "C" | "R" | "U" | "D" | "E"
  readonly recorded: string
  readonly outcome: "0" | "8"
  readonly purposeOfEvent?: readonly { readonly text: string }[]
  readonly agent: readonly {
    readonly type: Concept
    readonly who: object
    readonly requestor: boolean
    readonly role?: readonly { readonly text: string }[]
    readonly network?: { readonly address: string; readonly type: string }
    readonly purposeOfUse?: readonly { readonly text: string }[]
  }[]
  readonly source: { readonly observer: object; readonly type: readonly Coding[] }
  readonly entity?: readonly object[]
}

const dicom = "http://dicom.nema.org/resources/ontology/DCM"
const terminology = "http://terminology.hl7.org/CodeSystem"
const balp = "https://profiles.ihe.net/ITI/BALP"

const rest: Coding = { system: `${terminology}/audit-event-type`, code: "rest", display: "Restful Operation" }
const source: Coding = { system: dicom, code: "110153", display: "Source Role ID" }
const destination: Coding = { system: dicom, code: "110152", display: "Destination Role ID" }
const participation = `${terminology}/v3-ParticipationType`

interface Shape {
  readonly profile: "Read" | "Create" | "Update" | "Delete"
  readonly code: string
  readonly action: "C" | "R" | "U" | "D"
  readonly client: Coding
  readonly server: Coding
  readonly user: Coding
}

const read: Shape = {
  profile: "Read",
  code: "read",
  action: "R",
  client: destination,
  server: source,
  user: { system: participation, code: "IRCP", display: "information recipient" },
}
const write = { client: source, server: destination, user: { system: participation, code: "AUT", display: "Author" } }
const shapes: ReadonlyMap<string, Shape> = new Map([
  ...["view", "download", "print", "export", "share"].map((verb): [string, Shape] => [verb, read]),
  ["create", { profile: "Create", code: "create", action: "C", ...write }],
  ["update", { profile: "Update", code: "update", action: "U", ...write }],
  [
    "delete",
    {
      profile: "Delete",
      code: "delete",
      action: "D",
      client: { system: dicom, code: "110150", display: "Application" },
      server: { system: `${terminology}/provenance-participant-type`, code: "custodian", display: "Custodian" },
      user: write.user,
    },
  ],
])

/**
 * Events as FHIR R4 AuditEvents after IHE Basic Audit Log Patterns (https://profiles.ihe.net/ITI/BALP): (Patient)Read, Create, Update
 * and Delete. Downloads, prints, exports and shares are reads with their verb as a detail of the data; refusals have no
 * BALP profile and are security alerts. What is neither, such as a legal hold, an emergency or a consent, has none and was
 * executed (`E`). No values of records. One resource per event: a view of several persons, of whom
 * the event as it was read names none, is one without a patient; give `subject` for the person that was asked about.
 *
 * @param options.subject whom events are about that name nobody, such as the person of a `timeline`
 * @example const bundle = fhirAuditEvents(rows, { site: { server: { name: "clinic", address: "clinic.example" } }, subject: patientId })
 */
export function fhirAuditEvents(
  events: readonly AuditEvent[],
  options: { readonly site: AuditEventSite; readonly subject?: string },
): FhirAuditEvent[] {
  return events.map((event) => {
    if (event.verb === "deny" || event.verb === "login") return refusal(event, options.site)
    const shape = shapes.get(event.verb)
    return shape === undefined ? act(event, options) : success(event, shape, options)
  })
}

interface Circumstances {
  readonly site: AuditEventSite
  readonly subject?: string
}

function success(event: AuditEvent, shape: Shape, { site, subject }: Circumstances): FhirAuditEvent {
  const person = event.subject ?? subject ?? null
  const { client, server } = agents(site, shape)
  return {
    ...common(event, site),
    meta: {
      profile: [`${balp}/StructureDefinition/IHE.BasicAudit.${person === null ? "" : "Patient"}${shape.profile}`],
    },
    type: rest,
    subtype: [{ system: "http://hl7.org/fhir/restful-interaction", code: shape.code, display: shape.code }],
    action: shape.action,
    outcome: "0",
    agent: [client, server, user(event, shape.user)],
    entity: [...transaction(event), ...patient(person), data(event, shape.profile === "Read" && event.verb !== "view")],
  }
}

/** Something that was done, and neither showed nor wrote a record. */
function act(event: AuditEvent, { site, subject }: Circumstances): FhirAuditEvent {
  const { client, server } = agents(site, { ...read, ...write })
  const lifecycle = `${terminology}/iso-21089-lifecycle`
  return {
    ...common(event, site),
    ...(event.verb === "hold"
      ? { type: { system: lifecycle, code: event.detail?.phase === "released" ? "unhold" : "hold" } }
      : { type: rest, subtype: [{ system: "http://hl7.org/fhir/restful-interaction", code: "operation" }] }),
    action: "E",
    outcome: "0",
    agent: [client, server, user(event, write.user)],
    entity: [...transaction(event), ...patient(event.subject ?? subject ?? null), data(event, true)],
  }
}

function refusal(event: AuditEvent, site: AuditEventSite): FhirAuditEvent {
  const { client, server } = agents(site, read)
  const isLogin = event.verb === "login"
  return {
    ...common(event, site),
    type: isLogin
      ? { system: dicom, code: "110114", display: "User Authentication" }
      : { system: dicom, code: "110113", display: "Security Alert" },
    ...(isLogin && { subtype: [{ system: dicom, code: "110122", display: "Login" }] }),
    action: "E",
    outcome: "8",
    agent: [client, server, user(event, read.user)],
    ...(event.request !== null && { entity: transaction(event) }),
  }
}

function common(event: AuditEvent, { server }: AuditEventSite) {
  return {
    resourceType: "AuditEvent" as const,
    // The same event exported twice is the same resource. By its number: a view and what restates it after an erasure agree in all the rest.
    id: createHash("sha256")
      .update(
        JSON.stringify([event.id, event.at, event.actor, event.verb, event.relation, event.record, event.subject]),
      )
      .digest("hex")
      .slice(0, 32),
    recorded: event.at,
    purposeOfEvent: [{ text: event.purpose }],
    source: {
      observer: { display: server.name },
      type: [{ system: `${terminology}/security-source-type`, code: "4", display: "Application Server" }],
    },
  }
}

function agents({ server, application = server }: AuditEventSite, shape: Shape) {
  // 1 is a machine's name: http://hl7.org/fhir/network-type
  const machine = (type: Coding, { name, address }: { name: string; address: string }) => ({
    type: { coding: [type] },
    who: { display: name },
    requestor: false,
    network: { address, type: "1" },
  })
  return { client: machine(shape.client, application), server: machine(shape.server, server) }
}

function user({ actor, role, purpose }: AuditEvent, type: Coding) {
  return {
    type: { coding: [type] },
    who: { identifier: { value: actor } },
    requestor: true,
    role: [{ text: role }],
    purposeOfUse: [{ text: purpose }],
  }
}

function transaction({ request }: AuditEvent): object[] {
  if (request === null) return []
  const type = { system: `${balp}/CodeSystem/BasicAuditEntityType`, code: "XrequestId" }
  return [{ what: { identifier: { value: request } }, type }]
}

function patient(person: string | null): object[] {
  if (person === null) return []
  return [
    {
      // An id of FHIR has fewer letters than a key may have; an identifier takes any.
      what: /^[A-Za-z0-9.-]{1,64}$/.test(person)
        ? { reference: `Patient/${person}` }
        : { type: "Patient", identifier: { value: person } },
      type: { system: `${terminology}/audit-entity-type`, code: "1", display: "Person" },
      role: { system: `${terminology}/object-role`, code: "1", display: "Patient" },
    },
  ]
}

function data({ verb, relation, record }: AuditEvent, tellsVerb: boolean): object {
  return {
    what: { identifier: { value: record === null ? relation : `${relation}/${record}` } },
    type: { system: `${terminology}/audit-entity-type`, code: "2", display: "System Object" },
    role: { system: `${terminology}/object-role`, code: "4", display: "Domain Resource" },
    // The profile of a delete allows none.
    ...(tellsVerb && { detail: [{ type: "verb", valueString: verb }] }),
  }
}
