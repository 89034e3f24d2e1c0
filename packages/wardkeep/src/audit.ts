/**
 * The audit log: what records, seals, verifies, reads and erases.
 *
 * @module
 */
export * from "@wardkeep/audit"
export * from "@wardkeep/audit/verify"
