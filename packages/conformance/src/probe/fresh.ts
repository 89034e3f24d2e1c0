import { randomBytes, randomInt, randomUUID } from "node:crypto"
import { quoteLiteral } from "@wardkeep/core"
import type { Column } from "../catalog/relation.js"

/** Unguessable, so that finding it anywhere is proof. */
export function canary(): string {
  return `wk${randomBytes(9).toString("hex")}`
}

/** SQL for a value that no row has yet; undefined for types that cannot be made up. */
export function freshValue({ type, base, category, enum: isEnum }: Column): string | undefined {
  if (isEnum) return undefined
  if (base === "uuid") return `${quoteLiteral(randomUUID())}::uuid`
  if (base === "smallint") return `${randomInt(20_000, 32_000)}::smallint`
  if (base === "integer") return `${randomInt(1_900_000_000, 2_100_000_000)}`
  if (base === "bigint") return `${randomInt(1_900_000_000, 2_100_000_000)}::bigint`
  if (/^(numeric|real|double)/.test(base)) return `${randomInt(1, 99)}`
  if (category === "S") return quoteLiteral(shortened(canary(), type))
  if (base === "date") return `date '2090-01-01' + ${randomInt(0, 30_000)}`
  if (/^timestamp/.test(base)) return `timestamp '2090-01-01' + ${randomInt(0, 30_000)} * interval '1 hour'`
  if (/^time/.test(base)) return `time '00:00' + ${randomInt(0, 1_400)} * interval '1 minute'`
  if (base === "boolean") return "true"
  if (base === "jsonb" || base === "json") return `${quoteLiteral(`{"wk":"${canary()}"}`)}::${base}`
  if (base === "bytea") return `${quoteLiteral(`\\x${randomBytes(8).toString("hex")}`)}::bytea`
  if (base === "inet") return `inet '10.${randomInt(1, 250)}.${randomInt(1, 250)}.${randomInt(1, 250)}'`
  if (category === "R") return rangeOf(base)
  if (category === "A") return `'{}'::${base}`
  return undefined
}

/** SQL that makes another value for each row. */
export function drawnValue({ base, category }: Column): string | undefined {
  if (/^(integer|bigint|numeric)$/.test(base)) return "1900000000 + (random() * 1e8)::int"
  if (base === "smallint") return "20000 + (random() * 1e4)::int"
  if (base === "uuid") return "md5(random()::text)::uuid"
  return category === "S" ? "left(md5(random()::text), 12)" : undefined
}

/** From then on, without an end: what goes on still, such as a stay. */
export const openRange = ({ base, category }: Column): string | undefined =>
  category === "R" ? rangeOf(base, true) : undefined

/** Far in the future, so that it overlaps with nobody's. */
function rangeOf(base: string, goesOn = false): string | undefined {
  const until = (end: string): string => (goesOn ? "null" : end)
  const start = `timestamp '2090-01-01' + ${randomInt(0, 30_000)} * interval '1 day'`
  if (base === "tsrange" || base === "tstzrange") return `${base}(${start}, ${until(`${start} + interval '1 hour'`)})`
  if (base === "daterange") return `daterange((${start})::date, ${until(`(${start} + interval '1 day')::date`)})`
  if (base === "int4range" || base === "int8range" || base === "numrange") {
    const from = randomInt(1_900_000_000, 2_000_000_000)
    return `${base}(${from}, ${until(String(from + 1))})`
  }
  return undefined
}

function shortened(text: string, type: string): string {
  const limit = /\((\d+)\)$/.exec(type)?.[1]
  return limit === undefined ? text : text.slice(0, Number(limit))
}
