/**
 * The audit log: `audit` adds it to `install`, `plan` and `apply`.
 *
 * @module
 */
export { audit } from "./compile/audit.js"
