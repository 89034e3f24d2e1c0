import type { z } from "zod"
import { WardkeepError } from "../errors/wardkeep-error.js"

export function describeIssue(issue: z.core.$ZodIssue): string {
  const path = issue.path.length === 0 ? "policy" : issue.path.map(String).join(".")
  if (issue.code === "unrecognized_keys") return `${path}: unknown ${issue.keys.join(", ")}`
  if (issue.code === "invalid_key") return `${path}: ${issue.issues.map((inner) => inner.message).join(", ")}`
  return `${path}: ${issue.message}`
}

export function invalid(faults: readonly string[]): WardkeepError {
  return new WardkeepError("WK001", {
    message: `The policy file is not valid:\n${faults.map((f) => `  - ${f}`).join("\n")}`,
  })
}
