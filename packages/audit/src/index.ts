/**
 * The audit log: `audit` adds it to `install`, `plan` and `apply`; `openSealer` turns what was recorded into signed trees.
 *
 * @module
 */
export { audit } from "./compile/audit.js"
export { originOf, type Signer, signerFrom, verifierKey } from "./seal/note.js"
export { openSealer, type Sealed, type Sealer, type SealOptions } from "./seal/sealer.js"
