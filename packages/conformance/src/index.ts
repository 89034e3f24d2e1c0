/**
 * Tries to break the isolation of any PostgreSQL system. Shares no code with what it tests.
 *
 * @module
 */

export { mergeAccounts, parseAccount } from "./http/account.js"
export { type HttpCheck, httpChecks } from "./http/checks.js"
export type { Account, Answer, Call, Exchange, Header } from "./http/exchange.js"
export { parseHar, type Recording } from "./http/har.js"
export { type Api, type Operation, parseOpenApi } from "./http/openapi.js"
export type { Clock } from "./http/pace.js"
export { parseScope, type Scope } from "./http/scope.js"
export type { Limits, Send } from "./http/transport.js"
export { type HttpRun, verifyHttp } from "./http/verify-http.js"
export type { CheckResult, Report, ReportFinding } from "./report/report.js"
