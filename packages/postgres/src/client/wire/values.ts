import { WardkeepError } from "@wardkeep/core"
import pg from "pg"

/** A value as the protocol's text format wants it, or bytes for the binary format. */
export type WireValue = string | Buffer | null

// `pg` exports its value rules at run time, but its types do not say so.
const { utils } = pg as typeof pg & { readonly utils: { prepareValue(value: unknown): unknown } }

const maxValues = 65_535

/**
 * Values by the rules of `pg`, converted when the call is made and kept: a conversion is code of the host, which may throw,
 * end the call or ask the database itself, and must find nothing half written.
 *
 * @throws WK009 not an array, or too long a one · what a conversion throws
 */
export function wireValues(values: readonly unknown[]): WireValue[] {
  // The protocol counts them in 16 bits.
  if (!Array.isArray(values) || values.length > maxValues)
    throw new WardkeepError("WK009", { message: `the values of a statement are an array of at most ${maxValues}` })
  const count = values.length
  const wire: WireValue[] = []
  for (let i = 0; i < count; i++) {
    const value: unknown = values[i]
    wire.push(typeof value === "string" ? value : converted(value))
  }
  return wire
}

function converted(value: unknown): WireValue {
  const wire = utils.prepareValue(value) ?? null
  if (wire === null || typeof wire === "string" || Buffer.isBuffer(wire)) return wire
  throw new WardkeepError("WK009", { message: "a value of a statement became neither a text nor bytes" })
}
