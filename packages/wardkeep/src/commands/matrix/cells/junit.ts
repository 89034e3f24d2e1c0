import { escapeMarkup } from "@wardkeep/core"
import type { CaseResult } from "./attack.js"
import { nameOf } from "./attempts.js"
import type { MatrixTests } from "./matrix-tests.js"

const elements = { FAILED: "failure", INCONCLUSIVE: "error" } as const

/**
 * JUnit XML in the dialect that Jenkins, GitLab and GitHub reporters read: one case per attempt, grouped by role. What could
 * not be tried is an error, so that a run of it is never green.
 */
export function matrixJunit({ cases, counts, places, at, server }: MatrixTests): string {
  const all = `tests="${cases.length}" failures="${counts.failed}" errors="${counts.inconclusive}" skipped="0" time="0"`
  const properties = Object.entries({
    server,
    tenant: places.tenant,
    branch: places.branch,
    sibling: places.sibling ?? "none",
    other: places.other?.branch ?? "none",
  })
  return `${[
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites name="wardkeep matrix tests" ${all}>`,
    `  <testsuite name="wardkeep matrix tests" timestamp="${escaped(at.slice(0, 19))}" ${all}>`,
    "    <properties>",
    ...properties.map(([name, value]) => `      <property name="${name}" value="${escaped(value)}"/>`),
    "    </properties>",
    ...cases.flatMap(caseLines),
    "  </testsuite>",
    "</testsuites>",
  ].join("\n")}\n`
}

function caseLines(one: CaseResult): string[] {
  const open = `    <testcase classname="matrix.${escaped(one.role)}" name="${escaped(nameOf(one))}" time="0"`
  if (one.verdict === "PASSED") return [`${open}/>`]
  const element = elements[one.verdict]
  return [`${open}>`, `      <${element} message="${escaped(one.detail)}" type="${one.verdict}"/>`, "    </testcase>"]
}

function escaped(text: string): string {
  return escapeMarkup(text.replace(/[^\t\n\r\u0020-\ud7ff\ue000-\ufffd]/gu, "\ufffd"))
}
