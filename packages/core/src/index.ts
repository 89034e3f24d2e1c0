/**
 * The vocabulary of Wardkeep. Pure: no I/O, no Node built-in, one dependency (zod).
 *
 * tenant: the clinic or organisation. branch: one of its sites. scope: which of them a table belongs to.
 * actor: the person acting. subject: the person the data is about. purpose: why data is used.
 * finding: what a check says.
 *
 * @module
 */
export { canonicalJson, type Json } from "./canonical-json.js"
export type { CodeEntry } from "./errors/code-entry.js"
export { type Code, codes, isCode } from "./errors/codes.js"
export { WardkeepError, type WardkeepErrorOptions, wardkeepErrorIn } from "./errors/wardkeep-error.js"
export { type Finding, type Severity, sortFindings, type Verdict } from "./finding.js"
export { quoteIdent, quoteLiteral, splitName } from "./identifier.js"
export { escapeMarkup } from "./markup.js"
export { type Action, actions, handlingActions, isAction, narrowableActions } from "./policy/actions.js"
export { otherCell } from "./policy/aggregates.js"
export { conditionNamed, isTied } from "./policy/cells.js"
export { allowingRoles } from "./policy/combine.js"
export { type Assigned, type Condition, type Hours, partsOf, type State, type Window } from "./policy/condition.js"
export { consentBasis, wallOf } from "./policy/consent.js"
export {
  type AggregatesInput,
  type AuditInput,
  type BreakGlassInput,
  type CellInput,
  type ConditionInput,
  type ConsentInput,
  type CrossingsInput,
  definePolicy,
  type FiguresInput,
  type GuardInput,
  type PolicyInput,
  type PurposeInput,
  type RoleInput,
  type SupportInput,
  type TableInput,
} from "./policy/define.js"
export type { Detection, Explanation } from "./policy/detection.js"
export type { DetectionInput, ExplainsOnly, ExplanationInput } from "./policy/detection-input.js"
export { durationSeconds } from "./policy/duration.js"
export { type RoleNames, roleNames } from "./policy/names.js"
export { parsePolicy } from "./policy/parse.js"
export type {
  Actor,
  AggregateFigures,
  Aggregates,
  BreakGlass,
  ColumnSet,
  ConsentRule,
  Crossings,
  Lookup,
  Permission,
  Policy,
  Referral,
  Rule,
  Support,
} from "./policy/policy.js"
export { type CellReplacements, replaceCells } from "./policy/replace-cells.js"
export type { PurposeRule, TableRule } from "./policy/schema.js"
