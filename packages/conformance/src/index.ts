/**
 * Tries to break the isolation of any PostgreSQL system. Shares no code with what it tests.
 *
 * @module
 */
export { drill, drillChecks } from "./drill/drill.js"
export { mergeAccounts, parseAccount } from "./http/account.js"
export { type HttpCheck, httpChecks } from "./http/checks.js"
export type { Account, Answer, Call, Credential, Exchange, Header } from "./http/exchange.js"
export { parseHar, type Recording } from "./http/har.js"
export { type Api, type Operation, parseOpenApi } from "./http/openapi.js"
export type { Clock } from "./http/pace.js"
export { parseScope, type Scope } from "./http/scope.js"
export type { Limits, Send } from "./http/transport.js"
export { type HttpRun, verifyHttp } from "./http/verify-http.js"
export type { Mode, Progress, VerifyOptions } from "./options.js"
export { applyBaseline, type BaselineEntry, type BaselineOptions, parseBaseline } from "./report/baseline.js"
export { type CvssScore, cvssScore, type Rating } from "./report/cvss.js"
export { reportExitCode } from "./report/exit-code.js"
export { type ProgressPrinter, type ProgressStream, silentProgress, terminalProgress } from "./report/progress.js"
export { type RenderOptions, type ReportFormat, render, reportFormat, reportFormats } from "./report/render.js"
export type {
  Acceptance,
  BaselineProblem,
  BaselineResult,
  CheckResult,
  Report,
  ReportFinding,
} from "./report/report.js"
export { parseReport } from "./report/schema.js"
export {
  assertSigningKey,
  parseSignedReport,
  type ReportSignature,
  reportHash,
  type SignedReport,
  signReport,
  verifyReport,
} from "./report/signature.js"
export { draftTarget } from "./target/draft.js"
export type { Target, TargetInput } from "./target/schema.js"
export { verify } from "./verify.js"
