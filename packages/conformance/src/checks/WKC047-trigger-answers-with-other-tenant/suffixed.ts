import { quoteIdent, quoteLiteral } from "@wardkeep/core"
import { columnOf } from "../../catalog/relation.js"
import type { Outcome } from "../../database/outcome.js"
import type { Ground } from "../../probe/ground.js"
import { insertStatement, literalOf } from "../../probe/insertion.js"
import { stranger } from "../../probe/lookalike.js"
import { ownRow } from "../../probe/natural-key.js"
import { isOnlyTheirs, tenantTablesIn } from "../../probe/only-theirs.js"
import type { Acting } from "./acting.js"
import { columnLimit, isAskable, sharedColumns } from "./asking.js"
import type { Told } from "./told.js"

/** Of a short name that nobody has. */
const strangers = 4
const rowLimit = 5

/**
 * A trigger may make one text of another, such as a short name of a title, and put something behind it where somebody has it already:
 * `consent`, and `consent-2`. So the attacker's own row is written with a text that only the victim has, and with some that nobody has, and what the
 * made text has more than the given one is compared.
 */
export async function toldBySuffix(ground: Ground, acting: readonly Acting[]): Promise<Told | undefined> {
  const { scene, relation, rights } = ground
  const looking = acting.filter(({ definer, source }) => definer && tenantTablesIn(scene, source).length > 0)
  const asked = sharedColumns(ground).filter(({ name, base }) => base === "text" && isAskable(ground, name))
  const names = asked.map(({ name }) => name).slice(0, columnLimit)
  if (looking.length === 0 || rights.select.length === 0) return undefined
  for (const name of names) {
    const told = await withText(ground, name, [...looking.map(({ source }) => source), relation.name].join("\n"))
    if (told !== undefined) return told
  }
  return undefined
}

async function withText(ground: Ground, name: string, source: string): Promise<Told | undefined> {
  const { scene, record, label, relation, attacker, victim, theirs, mine, rights } = ground
  const made = relation.columns.filter(
    (one) => one.base === "text" && one.name !== name && rights.select.includes(one.name),
  )
  const own = new Set(mine.rows.map(({ values }) => String(values[name])))
  const suffix = ` returning ${made.map((one) => `${quoteIdent(one.name)}::text`).join(", ")}`
  const insert = (value: string): string =>
    insertStatement({ relation, rights, like: ownRow(ground), set: { [name]: value }, suffix }) ?? ""
  const base = columnOf(relation, name)?.base ?? "text"
  for (const row of made.length === 0 ? [] : theirs.rows.slice(0, rowLimit)) {
    const text = String(row.values[name] ?? "")
    if (plain(text).length < 4 || own.has(text) || !(await isOnlyTheirs(scene, victim, source, text))) continue
    const others = Array.from({ length: strangers }, () => stranger(text))
    const attack = insert(literalOf(relation, name, row))
    if (attack === "") return undefined
    const answers = await attacker.act(async (tx) => {
      const all: (string | undefined)[] = []
      for (const one of [text, text, ...others])
        all.push(addedBehind(await tx.attempt(one === text ? attack : insert(`${quoteLiteral(one)}::${base}`)), one))
      return all
    })
    record.probe(label)
    const [got, again, ...nobodys] = answers
    if (nobodys.some((one) => one !== undefined)) record.control()
    const isTold = got !== undefined && got !== "" && got === again && nobodys.every((one) => one === "")
    if (!isTold) continue
    const printed = attacker.replay(insert(`${quoteLiteral(others[0] ?? "")}::${base}`))
    return {
      how: `one with a certain ${name} comes back with "${got}" behind what is made of it, with others of the same form without`,
      replay: `${printed}\n${attacker.replay(attack)}`,
    }
  }
  return undefined
}

const plain = (text: string): string => text.toLowerCase().replace(/[^\p{L}\p{N}]/gu, "")

/** What a column that begins with the given text has behind it; undefined where none does. */
function addedBehind({ rows, error }: Outcome, given: string): string | undefined {
  if (error !== undefined) return undefined
  const texts = Object.values(rows[0] ?? {}).map((value) => plain(String(value ?? "")))
  return texts.find((text) => text.startsWith(plain(given)))?.slice(plain(given).length)
}
