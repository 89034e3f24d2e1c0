/**
 * Notices, the consent ledger, and the law as data with a tense.
 *
 * @module
 */
export * from "@wardkeep/consent"
