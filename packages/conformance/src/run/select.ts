import { WardkeepError } from "@wardkeep/core"
import type { VerifyOptions } from "../options.js"
import type { CheckInfo } from "./check.js"

/** @throws WK702 a code that no check has */
export function choose<T extends CheckInfo>(checks: readonly T[], { only, skip }: VerifyOptions): T[] {
  const known = new Set(checks.map(({ code }) => code))
  const unknown = [...(only ?? []), ...(skip ?? [])].find((code) => !known.has(code))
  if (unknown !== undefined) {
    throw new WardkeepError("WK702", { message: `There is no check ${unknown.slice(0, 20)} in this mode` })
  }
  return checks.filter(({ code }) => (only === undefined || only.includes(code)) && !skip?.includes(code))
}
