/**
 * The audit log: `audit` adds it to `install`, `plan` and `apply`; `openSealer` turns what was recorded into signed trees;
 * `recordViews` and `recordRefusals` have the client record who saw what and what was refused; `download`, `print`, `exportFile`,
 * `share` and `signDownload` record what leaves; `unexplained`, `alerts` and `reviewAccess` are a reviewer's; `timeline`, `whoSaw`, `blastRadius` and others read it, and are recorded; `writeBundle`, `writeTiles` and `proveEvent` hand it to a stranger; `dropMonth`, `placeLogHold`, `rotateKey` and `rebase` are the owner's.
 *
 * @module
 */
export type { Anchor } from "./anchor/anchor.js"
export { type Outbox, type OutboxOptions, openOutbox } from "./anchor/outbox.js"
export { type KeptCheckpoint, type S3Anchor, type S3AnchorOptions, s3Anchor } from "./anchor/s3.js"
export { type S3Place, s3PlaceFrom } from "./anchor/s3-address.js"
export { type WitnessAnchor, type WitnessOptions, witnessAnchor } from "./anchor/witness.js"
export { type Bundle, type BundleOptions, type MonthOptions, writeBundle, writeMonth } from "./bundle/bundle.js"
export { audit } from "./compile/audit.js"
export { type FailedLogin, recordFailedLogin } from "./denied/failed-login.js"
export { recordRefusals } from "./denied/refusals.js"
export {
  type Access,
  type AccessCoverage,
  type AccessWindow,
  type ReviewOutcome,
  type ReviewSaid,
  readAccesses,
} from "./detect/accesses.js"
export { type Alert, type Alerts, alerts } from "./detect/alerts.js"
export type { AlertRule, RuleHit } from "./detect/hit.js"
export { type QueuedAccess, type UnexplainedAccesses, unexplained } from "./detect/queue.js"
export { type AccessReview, type Reviewed, reviewAccess } from "./detect/review.js"
export type { Measure } from "./detect/volume.js"
export { type Erased, type EraseOptions, eraseSubject } from "./erase/erase.js"
export type { HandedOut, HandlingClient } from "./handling/call.js"
export { type OpenedShare, openShare, revokeShare, type Shared, type ShareRequest, share } from "./handling/share.js"
export { type S3SignerOptions, type SignedUrl, s3Signer, signDownload, type UrlSigner } from "./handling/signed-url.js"
export type { ExportingClient } from "./handling/text-reads.js"
export { download, exportFile, exportRows, print, Transfer, type TransferEnd } from "./handling/transfer.js"
export { type AccessEntry, type AccessReport, type AccessReportOptions, accessReport } from "./read/access-report.js"
export { type BlastRadius, blastRadius, type Reach, type Reached } from "./read/blast-radius.js"
export type { Coverage } from "./read/coverage.js"
export { type AuditEventSite, type FhirAuditEvent, fhirAuditEvents } from "./read/fhir.js"
export {
  type ColumnChange,
  type DeniedEntry,
  deniedAttempts,
  type HandedOutEntry,
  handedOut,
  recordDiff,
} from "./read/handed.js"
export type { Reading, ReadOptions } from "./read/question.js"
export {
  type AuditEvent,
  type Seen,
  type Touched,
  timeline,
  touched,
  whoChanged,
  whoSaw,
} from "./read/read.js"
export type { RebasedLog } from "./read/rebases.js"
export { tail } from "./read/tail.js"
export { type DropMonthOptions, dropMonth } from "./retention/drop-month.js"
export { type Hold, type HoldOptions, openHolds, placeLogHold, releaseLogHold } from "./retention/hold.js"
export { originOf, type Signer, signerFrom, verifierKey } from "./seal/note.js"
export {
  type FindOptions,
  findIncarnation,
  type Incarnation,
  type Rebased,
  type RebaseOptions,
  rebase,
} from "./seal/rebase.js"
export { type RotateOptions, type Rotation, rotateKey } from "./seal/rotate.js"
export { openSealer, type Sealed, type Sealer, type SealOptions } from "./seal/sealer.js"
export { type TileStore, tileFolder } from "./tiles/folder.js"
export { type EventProof, type ProofOptions, proveEvent } from "./tiles/proof.js"
export { type Tiles, type TilesOptions, writeTiles } from "./tiles/write.js"
export { recordViews, type ViewOptions } from "./views/recorder.js"
