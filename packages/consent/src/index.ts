/**
 * Consent and law. `consent` adds the ledger to `install`, `plan` and `apply`; `publishNotice`, `serveNotice` and `decide` write
 * it; `history` and `consentAt` say where a person stood at any moment. The law is data with a tense: which duties bind a
 * clinic on a day, by when something is due, how long a record must be kept. Engineering research, not legal advice.
 *
 * @module
 */
export { consent } from "./compile/consent.js"
export { type AbdmArtefact, type AbdmRecord, abdmFaults, hiTypes, readAbdmArtefact } from "./exchange/abdm.js"
export { type FhirConsent, type FhirOptions, fhirConsent } from "./exchange/fhir.js"
export { dayInIndia, inWords } from "./law/calendar.js"
export { citationFaults } from "./law/citations.js"
export { dueAt } from "./law/deadline.js"
export { type Law, loadLaw } from "./law/law.js"
export { type Attestation, type RetentionAnswer, retention } from "./law/retention.js"
export {
  type ForbiddenCitation,
  type Force,
  gradeWords,
  type Obligation,
  type Party,
  type Period,
  type RetentionRule,
} from "./law/schema.js"
export { type Asker, askers, type Dated, lawOn, nextChange, type Tense, tenseOf } from "./law/tense.js"
export {
  type Campaign,
  campaignReport,
  type Delivery,
  recordDeliveries,
  type Unreached,
  unreached,
} from "./ledger/campaign.js"
export type { ConsentEvent, Decision, DecisionKind, Giver } from "./ledger/event.js"
export {
  type Decided,
  decide,
  endDue,
  endRepresentation,
  history,
  type Representation,
  recordEmergency,
  represent,
  type ServedNotice,
  serveNotice,
} from "./ledger/ledger.js"
export { adultFrom } from "./ledger/majority.js"
export { type ConsentProof, proofFaults, proveConsent } from "./ledger/proof.js"
export { type ConsentState, consentAt, type Question } from "./ledger/state.js"
export {
  type Notice,
  type NoticeGap,
  type NoticeItem,
  type NoticeText,
  noticeGaps,
  notices,
  type PublishedText,
  publishNotice,
  type TranslationStatus,
} from "./notice/notice.js"
export { type ClockQuestion, type RequestClock, requestClock } from "./rights/clock.js"
export { type Certificate, type DestroyOptions, destroyPerson, type LogOutcome } from "./rights/destroy.js"
export { type Kept, keepUntil } from "./rights/keep.js"
export { type AnswerPack, answerPack, type Look, type PackOptions, packAsHtml, packAsJson } from "./rights/pack.js"
export {
  type Asked,
  answerRequest,
  decideRequest,
  identifyRequest,
  openRequest,
  openRequests,
  placeHold,
  type Refusal,
  type RightsDecision,
  type RightsEvent,
  type RightsRequest,
  recordDisclosure,
  releaseHold,
  requests,
} from "./rights/request.js"
