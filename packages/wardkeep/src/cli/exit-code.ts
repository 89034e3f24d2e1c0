import type { Code } from "@wardkeep/core"

/** 0 fine · 1 findings or leaks · 2 wrong usage or configuration · 3 cannot connect · 4 refused as unsafe or inconclusive */
export type ExitCode = 0 | 1 | 2 | 3 | 4

const configuration: readonly Code[] = [
  "WK001",
  "WK002",
  "WK007",
  "WK008",
  "WK009",
  "WK402",
  "WK410",
  "WK701",
  "WK702",
  "WK750",
  "WK751",
  "WK752",
  "WK753",
  "WK754",
  "WK770",
  "WK772",
  "WK773",
  "WK774",
]

export function exitCodeOf(code: Code): ExitCode {
  if (code === "WK005" || code === "WK755") return 3
  return configuration.includes(code) ? 2 : 4
}
