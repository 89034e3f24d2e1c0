import { WardkeepError } from "@wardkeep/core"
import { z } from "zod"
import { type Target, targetSchema } from "./schema.js"

/**
 * Reads a target as JSON text or as an object.
 *
 * @throws WK701 it is not JSON, or a field is wrong
 * @example parseTarget('{"tenants":[{"name":"A","key":"1"}]}')
 */
export function parseTarget(input: unknown): Target {
  const value = typeof input === "string" ? parseJson(input) : input
  const parsed = targetSchema.safeParse(value)
  if (!parsed.success) throw new WardkeepError("WK701", { message: z.prettifyError(parsed.error) })
  const names = parsed.data.tenants.map(({ name }) => name)
  const twice = names.find((name, index) => names.indexOf(name) !== index)
  if (twice !== undefined) throw new WardkeepError("WK701", { message: `two tenants are called ${twice}` })
  return parsed.data
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : "no reason was given"
    throw new WardkeepError("WK701", { message: `The target is not JSON: ${reason}`, cause })
  }
}
