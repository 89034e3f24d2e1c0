/**
 * Verification of an audit log, by whoever trusts nobody. Imports nothing of the writer.
 *
 * @module
 */
export { type BundleVerification, type VerifyBundleOptions, verifyBundle } from "./bundle.js"
export { type Cosignature, cosignaturesOf, type WitnessKey, witnessKey } from "./cosignature.js"
export { type VerifyDatabaseOptions, verifyDatabase } from "./database.js"
export { readCheckpoint, trustedKeys } from "./note.js"
export { type EventVerification, type VerifyProofOptions, verifyProof } from "./proof.js"
export { type VerifyTilesOptions, verifyTiles } from "./tiles.js"
export { type Verdict, type VerdictName, type Verification, type VerifiedLog, verification } from "./verdict.js"
