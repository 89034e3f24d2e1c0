/**
 * Tries to break the isolation of any PostgreSQL system. Shares no code with what it tests.
 *
 * @module
 */
export type { Mode, Progress, VerifyOptions } from "./options.js"
export type { CheckResult, Report, ReportFinding } from "./report/report.js"
export { draftTarget } from "./target/draft.js"
export type { Target, TargetInput } from "./target/schema.js"
export { verify } from "./verify.js"
