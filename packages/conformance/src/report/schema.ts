import { WardkeepError } from "@wardkeep/core"
import { z } from "zod"
import type { Report } from "./report.js"

/** Year, month and day, and a day that exists: 2027-02-30 is refused. */
export const day = z
  .string()
  .regex(/^\d{4}-\d{2}-\d{2}$/, "a date is YYYY-MM-DD")
  .refine((text) => !Number.isNaN(Date.parse(text)) && new Date(text).toISOString().startsWith(text), "no such day")

export const checkId = z.string().regex(/^WKC\d{3}$/, "a check is WKC and three digits")

const count = z.number().int().nonnegative()

const finding = z.strictObject({
  check: checkId,
  verdict: z.enum(["LEAK", "INCONCLUSIVE"]),
  severity: z.enum(["leak", "oracle", "hygiene"]),
  object: z.string(),
  message: z.string(),
  evidence: z.string(),
  replay: z.string(),
  fix: z.string(),
  cwe: z.string(),
  cvss: z.string(),
  accepted: z.strictObject({ reason: z.string().min(1), expires: day }).exactOptional(),
})

const checkResult = z.strictObject({
  check: checkId,
  title: z.string(),
  verdict: z.enum(["LEAK", "NOT_FOUND", "INCONCLUSIVE", "NOT_APPLICABLE"]),
  probes: count,
  controls: count,
  reason: z.string().exactOptional(),
})

const problem = z.strictObject({
  check: checkId,
  object: z.string(),
  problem: z.enum(["expired", "unmatched", "unknown-check"]),
  expires: day,
})

/** Strict on purpose: a member that nobody reads would be signed and not shown. */
export const reportSchema: z.ZodType<Report> = z.strictObject({
  tool: z.strictObject({ name: z.literal("wardkeep"), version: z.string().min(1) }),
  mode: z.enum(["catalog", "probe", "drill", "http"]),
  verdict: z.enum(["LEAK", "NOT_FOUND", "INCONCLUSIVE"]),
  startedAt: z.iso.datetime(),
  seconds: z.number().nonnegative(),
  server: z.string(),
  probes: count,
  checks: z.array(checkResult),
  findings: z.array(finding),
  notCovered: z.array(z.string()),
  killRate: z
    .strictObject({ mutations: count, killed: count, withoutEffect: count, survivors: z.array(z.string()) })
    .exactOptional(),
  baseline: z.strictObject({ accepted: count, problems: z.array(problem) }).exactOptional(),
})

/** JSON text of a document, or one clear error that says which one and where. */
export function parseDocument<T>(text: string, schema: z.ZodType<T>, code: "WK770" | "WK773", what: string): T {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (cause) {
    throw new WardkeepError(code, { message: `${what} is not JSON`, cause })
  }
  const parsed = schema.safeParse(value)
  if (parsed.success) return parsed.data
  const places = parsed.error.issues
    .slice(0, 5)
    .map(({ path, message }) => `${path.join(".") || "document"}: ${message}`)
  throw new WardkeepError(code, { message: `${what} is not valid: ${places.join("; ")}` })
}

/**
 * Reads a JSON report, refusing what this version does not know.
 *
 * @throws WK773 not JSON, or not a report
 * @example const report = parseReport(await readFile("report.json", "utf8"))
 */
export function parseReport(text: string): Report {
  return parseDocument(text, reportSchema, "WK773", "the report")
}
