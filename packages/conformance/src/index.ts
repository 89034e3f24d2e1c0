/**
 * Tries to break the isolation of any PostgreSQL system. Shares no code with what it tests.
 *
 * @module
 */
export { drill, drillChecks } from "./drill/drill.js"
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
