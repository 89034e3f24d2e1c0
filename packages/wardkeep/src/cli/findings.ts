import type { Finding, Severity } from "@wardkeep/core"
import type { Output, Style } from "./output.js"

const words: Readonly<Record<Severity, readonly [string, Style]>> = {
  leak: ["LEAK", "red"],
  oracle: ["ORACLE", "yellow"],
  hygiene: ["HYGIENE", "yellow"],
  "not-covered": ["NOT COVERED", "dim"],
}

export function printFindings(findings: readonly Finding[], output: Output): void {
  for (const { severity, object, message, fix, check } of findings) {
    const [word, style] = words[severity]
    const what = message.startsWith("NOT COVERED: ") ? message.slice(13) : message
    output.out(`  ${output.paint(style, word.padEnd(11))} ${object}: ${what} [${check}]`)
    if (fix !== undefined) output.out(`  ${"".padEnd(11)} → ${fix}`)
  }
}

/** Tables that the policy file leaves out on purpose are said every time and do not fail a run. */
export function outstanding(findings: readonly Finding[]): Finding[] {
  return findings.filter((finding) => finding.severity !== "not-covered")
}

export function countOf(n: number, noun: string): string {
  return `${n} ${noun}${n === 1 ? "" : "s"}`
}
