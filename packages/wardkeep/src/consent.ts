/**
 * The law as data with a tense. The consent ledger is not here yet.
 *
 * @module
 */
export * from "@wardkeep/consent"
