/**
 * What an application imports: the client and the issuer, the policy file and the errors. No logic of its own.
 *
 * @module
 */
export {
  type Code,
  type CodeEntry,
  codes,
  definePolicy,
  type Finding,
  isCode,
  type Policy,
  parsePolicy,
  roleNames,
  WardkeepError,
  wardkeepErrorIn,
} from "@wardkeep/core"
export * from "@wardkeep/postgres"
