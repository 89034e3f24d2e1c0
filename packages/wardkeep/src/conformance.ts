/**
 * The conformance suite as functions: what `wardkeep verify` runs.
 *
 * @module
 */
export {
  drill,
  parseReport,
  type Report,
  type ReportFinding,
  type ReportFormat,
  render,
  signReport,
  type TargetInput,
  type VerifyOptions,
  verify,
  verifyHttp,
  verifyReport,
} from "@wardkeep/conformance"
