/**
 * The audit log: `audit` adds it to `install`, `plan` and `apply`; `openSealer` turns what was recorded into signed trees;
 * `recordViews` has the client record who saw what; `timeline`, `whoSaw`, `whoChanged` and `touched` read it, and are recorded; `writeBundle` hands it to a stranger.
 *
 * @module
 */
export { type Bundle, type BundleOptions, writeBundle } from "./bundle/bundle.js"
export { audit } from "./compile/audit.js"
export { type EraseOptions, eraseSubject } from "./erase/erase.js"
export type { Coverage } from "./read/coverage.js"
export {
  type AuditEvent,
  type Reading,
  type ReadOptions,
  type Seen,
  type Touched,
  timeline,
  touched,
  whoChanged,
  whoSaw,
} from "./read/read.js"
export { originOf, type Signer, signerFrom, verifierKey } from "./seal/note.js"
export { openSealer, type Sealed, type Sealer, type SealOptions } from "./seal/sealer.js"
export { recordViews, type ViewOptions } from "./views/recorder.js"
