import type { Code } from "@wardkeep/core"

/** 0 fine · 1 findings or leaks · 2 wrong usage or configuration · 3 cannot connect · 4 refused as unsafe or inconclusive */
export type ExitCode = 0 | 1 | 2 | 3 | 4

const configuration: readonly Code[] = ["WK001", "WK002", "WK007", "WK008", "WK009", "WK701", "WK702"]

export function exitCodeOf(code: Code): ExitCode {
  if (code === "WK005") return 3
  return configuration.includes(code) ? 2 : 4
}
