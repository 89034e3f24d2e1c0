import { quoteLiteral } from "@wardkeep/core"
import { isTable, labelOf, quoted, type Relation } from "../catalog/relation.js"
import type { Actor } from "../database/actor.js"
import type { Scene } from "../run/check.js"
import type { Argument, Routine } from "./argument.js"
import { executedOn, executesText } from "./executed.js"
import { hidden } from "./hidden.js"
import { tenantTablesIn } from "./only-theirs.js"
import { names } from "./policy-parts.js"
import { storedKeys } from "./row-keys.js"
import { rowsNaming } from "./rows-naming.js"

/** The name under which a function that opens a cursor for the caller is asked to open it. */
const cursorName = "wk_cursor"

/**
 * Values of types that no key has and that let everything through: a range without ends, an age of a thousand years, the
 * first and the last day, the days on which the victim's rows are; a cursor's name, a table. Undefined for other types.
 */
export async function everything(
  scene: Scene,
  { source }: Routine,
  { base, category, type, name }: Argument,
  victim: Actor,
): Promise<string[] | undefined> {
  const typed = (text: string): string => `${quoteLiteral(text)}::${type}`
  if (base === "refcursor") return [typed(cursorName)]
  const tables = executesText(source) ? executedOn(scene, source) : tenantTablesIn(scene, source)
  if (base === "regclass") return tables.slice(0, 3).map((table) => typed(quoted(table)))
  if (/^any(element|nonarray|compatible)$/.test(base))
    return tables.slice(0, 3).map((table) => `null::${quoted(table)}`)
  if (/multirange$/.test(base)) return [typed("{(,)}")]
  if (category === "R") return [typed("(,)")]
  if (category === "T") return [typed("1000 years"), typed("-1000 years")]
  if (category !== "D") return undefined
  if (base.startsWith("time ")) return [typed("00:00"), typed("23:59:59")]
  const ends = ["1900-01-01", "2200-01-01"].map(typed)
  const days = (await daysOf(scene, tables, victim)).map((day) => `${day}::${type}`)
  // What is kept for a day is found under that day, so those come before the ends where something is kept.
  const stored = [...new Set(await storedKeys(scene, source, isDay))].slice(0, 3)
  const kept = stored.map((day) => `${day}::${type}`)
  return [...kept, ...(/to|until|end|before|bis/i.test(name) ? ends.reverse() : ends), ...days]
}

/** Amounts of the attacker's own rows, as SQL: what is compared with one lies among the others', not beyond all of them. */
export async function ownAmounts(scene: Scene, source: string, attacker: Actor): Promise<string[]> {
  const found = new Set<string>()
  for (const table of tenantTablesIn(scene, source)) {
    const { rows } = await scene.facts.owned(table, attacker)
    for (const { name } of table.columns.filter(({ base }) => /^(numeric|real|double precision|money)$/.test(base)))
      for (const { values } of rows.slice(0, 2))
        if (values[name] !== null) found.add(hidden(String(values[name]), `${labelOf(table)}.${name}`))
  }
  return [...found].slice(0, 4)
}

const parts = /^(year|quarter|month|week|day)$/

/**
 * Parts of the days on which the victim's rows are, as SQL: the year or month that a number is called after, and the text
 * that the function's own `to_char` makes of a day.
 */
export async function partsOfDays(
  scene: Scene,
  { source }: Routine,
  { name, category, type }: Argument,
  victim: Actor,
): Promise<string[]> {
  const formats = [...source.matchAll(/\bto_char\s*\([^;']*'([YMDQWI"\-./ ]+)'/gi)].map(([, format = ""]) => format)
  const part = name
    .toLowerCase()
    .split("_")
    .find((word) => parts.test(word))
  if (category === "N" ? part === undefined : formats.length === 0) return []
  const days = await daysOf(scene, tenantTablesIn(scene, source), victim)
  return days.flatMap((day) =>
    category === "N"
      ? [`extract(${part} from ${day}::timestamp)::${type}`]
      : formats.slice(0, 2).map((format) => `to_char(${day}::timestamp, ${quoteLiteral(format)})::${type}`),
  )
}

/** A list of tenants is no longer. */
const listRows = 10_000

const asked = new WeakMap<Relation, Map<Actor, ReturnType<typeof rowsNaming>>>()

/** Every function that names the table asks for the same. */
async function namingOnce({ facts }: Scene, table: Relation, victim: Actor): ReturnType<typeof rowsNaming> {
  const known = asked.get(table) ?? new Map<Actor, ReturnType<typeof rowsNaming>>()
  asked.set(table, known)
  const rows = known.get(victim) ?? rowsNaming(facts, table, victim.keys)
  known.set(victim, rows)
  return await rows
}

/** What nobody's and everybody's tables that the source names call the victim, as SQL: its name, its short name. */
export async function namesOfTenant(scene: Scene, source: string, victim: Actor): Promise<string[]> {
  const found = new Set<string>()
  for (const table of scene.catalog.relations.filter((one) => isTable(one) && names(source, one.name))) {
    if (!["root", "nothing", "global"].includes(table.tenancy.by) || table.tuples > listRows) continue
    const rows = await namingOnce(scene, table, victim)
    const texts = table.columns.filter(({ category, enum: isEnum }) => category === "S" && !isEnum)
    for (const row of rows.slice(0, 1))
      for (const { name } of texts)
        if (typeof row[name] === "string") found.add(hidden(row[name], `${labelOf(table)}.${name}`))
  }
  return [...found].slice(0, 3)
}

async function daysOf({ facts }: Scene, tables: readonly Relation[], victim: Actor): Promise<string[]> {
  const days = new Set<string>()
  for (const table of tables.filter(({ columns }) => columns.some(isDay))) {
    const { rows } = await facts.owned(table, victim)
    for (const { name } of table.columns.filter(isDay)) {
      const value = rows.find(({ values }) => typeof values[name] === "string")?.values[name]
      if (typeof value === "string") days.add(hidden(value, `${labelOf(table)}.${name}`))
    }
  }
  return [...days].slice(0, 3)
}

const isDay = ({ base }: { readonly base: string }): boolean => /^(date|timestamp)/.test(base)
