import { quoteLiteral } from "@wardkeep/core"
import { columnOf } from "../../catalog/relation.js"
import { isRaised, type Outcome } from "../../database/outcome.js"
import { checkedWords } from "../../probe/checked-words.js"
import type { SampleRow } from "../../probe/facts.js"
import type { Ground } from "../../probe/ground.js"
import { insertStatement, literalOf } from "../../probe/insertion.js"
import { anySibling, isNumbered, lookalikesOf, siblingsOf, stranger } from "../../probe/lookalike.js"
import { ownRow } from "../../probe/natural-key.js"
import { isOnlyTheirs, tenantTablesIn } from "../../probe/only-theirs.js"
import { names } from "../../probe/policy-parts.js"
import { unused } from "../../probe/unused.js"
import type { Acting } from "./acting.js"
import { columnLimit, isAskable, sharedColumns } from "./asking.js"
import type { Told } from "./told.js"

/**
 * Where nothing can be written that a function with its owner's rights looks for: the attacker's own row with a value
 * that only the victim has, and with values of the same form that nobody has. One answer for the first and another for
 * all others tells that it is there.
 */
export async function toldByExisting(ground: Ground, acting: readonly Acting[]): Promise<Told | undefined> {
  const { scene, relation } = ground
  const looking = acting.filter(({ definer, source }) => definer && tenantTablesIn(scene, source).length > 0)
  if (looking.length === 0) return undefined
  const listed = (await checkedWords(scene)).filter((one) => one.relation === relation.oid)
  const asked = sharedColumns(ground)
    .filter(({ category }) => category === "S" || category === "N")
    .map(({ name }) => name)
    .filter((name) => isAskable(ground, name) && !listed.some(({ column }) => column === name))
  for (const name of asked.slice(0, columnLimit)) {
    const told = await withValue(ground, name, looking)
    if (told !== undefined) return told
  }
  return undefined
}

async function withValue(ground: Ground, name: string, looking: readonly Acting[]): Promise<Told | undefined> {
  const { record, label, relation, attacker, rights } = ground
  const row = await rowOnlyTheirs(ground, name, looking)
  if (row === undefined) return undefined
  const text = String(row.values[name])
  const base = columnOf(relation, name)?.base ?? "text"
  const insert = (value: string): string =>
    insertStatement({ relation, rights, like: ownRow(ground), set: { [name]: value } }) ?? ""
  const attack = insert(literalOf(relation, name, row))
  const made = lookalikesOf(text).map((one) => insert(`${quoteLiteral(one)}::${base}`))
  // What is printed has nothing of the victim's value but its form.
  const printed = insert(`${quoteLiteral(stranger(text))}::${base}`)
  if (attack === "") return undefined
  const verdicts = await attacker.act(async (tx) => {
    const all: (string | undefined)[] = []
    for (const one of [attack, attack, printed, ...made]) all.push(verdictOf(await tx.attempt(one), looking, name))
    return all
  })
  record.probe(label)
  const [got, again, shown, nobodys, ...others] = verdicts
  if ([got, nobodys].includes("accepted")) record.control()
  const isTold = got !== undefined && got === again && nobodys !== undefined && nobodys !== got
  if (!isTold || others.some((one) => one !== nobodys)) return undefined
  // What looks at the value alone, such as a check digit, lets some pass that nobody has.
  const source = sourceOf(relation.name, looking)
  const isKnown = record.findings.some(({ object }) => object === label)
  const siblings = isKnown ? [] : ((await unused(ground.scene, source, siblingsOf(text))) ?? [])
  const alike = siblings.map((one) => insert(`${quoteLiteral(one)}::${base}`))
  const isAlike = await attacker.act(async (tx) => {
    return await anySibling(alike, async (one) => verdictOf(await tx.attempt(one), looking, name) === got)
  })
  if (isAlike) return undefined
  const compare = shown === nobodys ? [attacker.replay(printed)] : []
  const replay = [...compare, attacker.replay(attack)]
  return {
    how: `one with a certain ${name} is ${got}, with others of the same form ${nobodys}`,
    replay: (got === "accepted" ? replay : replay.reverse()).join("\n"),
  }
}

/** With a value in that column that stands in no row of anybody else that the functions read. */
async function rowOnlyTheirs(
  { scene, relation, victim, theirs, mine }: Ground,
  name: string,
  looking: readonly Acting[],
): Promise<SampleRow | undefined> {
  const own = new Set(mine.rows.map(({ values }) => String(values[name])))
  for (const row of theirs.rows.slice(0, 5)) {
    const value = row.values[name]
    if (value === null || value === undefined || own.has(String(value)) || !isNumbered(String(value))) continue
    if (await isOnlyTheirs(scene, victim, sourceOf(relation.name, looking), String(value))) return row
  }
  return undefined
}

const sourceOf = (table: string, looking: readonly Acting[]): string =>
  [...looking.map(({ source }) => source), table].join("\n")

/** Of refusals those alone that a function gave which looks at tenants' rows. */
function verdictOf({ error, count }: Outcome, looking: readonly Acting[], column: string): string | undefined {
  if (error === undefined) return count > 0 ? "accepted" : undefined
  const byCheck = looking.some(
    ({ constraint, columns }) => constraint === error.constraint && (columns ?? []).includes(column),
  )
  const byTrigger = looking.some(({ name, constraint }) => constraint === undefined && names(error.where, name))
  return (error.code === "23514" && byCheck) || (byTrigger && (isRaised(error) || !isOthers(error.code)))
    ? "refused"
    : undefined
}

/** What the trigger met below it, and no word of its own: keys, privileges, time. */
const isOthers = (code: string): boolean => /^(23502|23503|23505|23P01|42|57|53|55)/.test(code)
