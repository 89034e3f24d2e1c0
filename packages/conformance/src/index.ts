/**
 * Tries to break the isolation of any PostgreSQL system. Shares no code with what it tests.
 *
 * @module
 */
export type { CheckResult, Report, ReportFinding } from "./report/report.js"
