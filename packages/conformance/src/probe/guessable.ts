import { quoteLiteral } from "@wardkeep/core"
import { type Column, labelOf, primaryKey, type Relation } from "../catalog/relation.js"
import { tenantColumns } from "../catalog/whose.js"
import type { Scene } from "../run/check.js"
import type { Routine } from "./argument.js"
import { hidden } from "./hidden.js"
import { tenantTablesIn } from "./only-theirs.js"
import type { Pair } from "./pair.js"

/** A number this far from one's own is found by counting. */
export const nearby = 1_000
const most = 4

/**
 * Values of the victim's that somebody who knows one of its own only has to count on to, as SQL: numbers near the
 * attacker's, written as the function's text writes numbers, and texts that are its own but for the last characters. A
 * code that is drawn at random is not near, and whoever has it was given it.
 */
export async function guessable(scene: Scene, { source }: Routine, pair: Pair): Promise<string[]> {
  const found = new Set<string>()
  for (const relation of tenantTablesIn(scene, source)) {
    const [theirs, own] = [
      await scene.facts.owned(relation, pair.victim),
      await scene.facts.owned(relation, pair.attacker),
    ]
    for (const { name, category } of countedColumns(relation)) {
      const values = (rows: typeof own.rows): string[] =>
        rows.flatMap(({ values: row }) => (row[name] === null || row[name] === undefined ? [] : [String(row[name])]))
      const known = values(own.rows)
      for (const value of values(theirs.rows).filter((one) => !known.includes(one))) {
        if (category === "N" && known.some((one) => Math.abs(Number(one) - Number(value)) <= nearby))
          for (const form of formsOf(Number(value), source)) found.add(quoteLiteral(form))
        if (category === "S" && known.some((one) => isNext(one, value)))
          found.add(hidden(value, `${labelOf(relation)}.${name}`))
      }
    }
  }
  return [...found].slice(0, most)
}

/**
 * Texts, and numbers of the primary key, which are of the system's own making and may be printed: not the tenant, and no
 * reference. An age or an amount near one's own is nobody's number.
 */
function countedColumns(relation: Relation): Relation["columns"] {
  const { columns, keys } = relation
  const foreign = new Set(keys.filter(({ kind }) => kind === "f").flatMap((key) => key.columns))
  const tenant = tenantColumns(relation)
  const key = primaryKey(relation)?.columns ?? []
  const isCounted = ({ name, base }: Column): boolean => key.includes(name) && /^(smallint|integer|bigint)$/.test(base)
  return columns
    .filter((one) => !tenant.includes(one.name) && !foreign.has(one.name))
    .filter((one) => isCounted(one) || (one.category === "S" && !one.enum))
    .toSorted((a, b) => Number(key.includes(b.name)) - Number(key.includes(a.name)))
}

/** As it is, in base 16, and filled with zeros, where the function's text does that. */
function formsOf(value: number, source: string): string[] {
  if (!Number.isSafeInteger(value) || value < 0) return []
  const widths = [
    ...[...source.matchAll(/\blpad\s*\([^;]*?,\s*(\d{1,2})\s*,\s*'0'/gi)].map(([, width]) => Number(width)),
    ...[...source.matchAll(/\bto_char\s*\([^;]*?'(?:FM)?(0{2,20})'/gi)].map(([, zeros = ""]) => zeros.length),
  ]
  const plain = [String(value), ...(/\bto_hex\b/i.test(source) ? [value.toString(16)] : [])]
  return [...widths.flatMap((width) => plain.map((text) => text.padStart(width, "0"))), ...plain.toReversed()]
}

/** Of one length, with a digit, and the same but for the last three characters. */
const isNext = (own: string, theirs: string): boolean =>
  own.length === theirs.length &&
  own.length >= 4 &&
  /\d/.test(theirs.slice(-3)) &&
  own.slice(0, -3) === theirs.slice(0, -3)
