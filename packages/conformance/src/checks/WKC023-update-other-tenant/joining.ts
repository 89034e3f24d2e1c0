import { quoteIdent, quoteLiteral } from "@wardkeep/core"
import { columnOf, quoted } from "../../catalog/relation.js"
import { belongsTo } from "../../catalog/whose.js"
import type { Transaction } from "../../database/transaction.js"
import { sparing } from "../../probe/blind.js"
import { numberOf } from "../../probe/facts.js"
import type { Ground } from "../../probe/ground.js"
import { insertStatement, referencesOf } from "../../probe/insertion.js"
import { keyAs } from "../../probe/key-as.js"
import { policyColumns } from "../../probe/policy-parts.js"
import { closedTables, reached } from "../../probe/reach.js"
import type { Way } from "../../probe/way.js"
import type { TakenOver } from "./take-over.js"

export const joiningWay: Way = {
  statement: "UPDATE",
  given: "blind, oneself into a column that a policy asks",
  on: ["tables"],
}

/** Of a wide table, the first ones. */
const columnLimit = 8

/**
 * A row may say who else sees it: a list of readers, the laboratory that claimed it. Where the USING of an UPDATE asks only
 * what the row says now, the attacker writes itself there, without reading a column, and the row is shown to it.
 */
export async function joining(ground: Ground): Promise<TakenOver | undefined> {
  const { scene, record, label, relation, attacker, victim, rights } = ground
  const named = (await policyColumns(scene)).filter(({ relation: oid }) => oid === relation.oid)
  const tenant = relation.tenancy.by === "column" ? relation.tenancy.column.name : ""
  const columns = named
    .flatMap(({ name }) => columnOf(relation, name) ?? [])
    .filter(({ name, generated }) => name !== tenant && !generated && rights.update.includes(name))
  if (columns.length === 0 || (await closedTables(scene, ground, [relation])).length === 0) return undefined
  for (const column of columns.slice(0, columnLimit)) {
    for (const value of attacker.keys.slice(0, 2).flatMap((key) => keyAs(column, key))) {
      const attack = `update ${quoted(relation)} set ${quoteIdent(column.name)} = ${value}${sparing(relation)}`
      const seen = await attacker.act(async (tx) => {
        const { error, count } = await tx.keep(attack)
        if (error !== undefined) return undefined
        record.probe(label)
        if (count > 0) record.control()
        return await reached(scene, tx, { attacker, victim }, [relation])
      })
      if (seen === undefined) continue
      const offered = await areOffered(ground, attack)
      if (offered === "said") {
        record.leftOut(
          label,
          `rows that their tenant has offered are taken by whoever writes itself into ${column.name}, and a row of whose making nobody has said so is not`,
        )
        continue
      }
      if (offered === "perhaps") {
        record.notTried(
          label,
          `rows in a certain state are taken by whoever writes itself into ${column.name}, and whether their tenant offers them by that state was not known; read the USING of its UPDATE policies`,
        )
        continue
      }
      const evidence = `an UPDATE without WHERE wrote the attacker into ${column.name}, and then ${seen.count} rows of tenant ${victim.name} were seen`
      return { statements: [attack, seen.attack], evidence }
    }
  }
  return undefined
}

/**
 * Whether those rows are meant for anybody's claim: one that the victim writes now, of which it says nothing but what it
 * must, is not taken by the same statement. "said" where one of which it says yes to everything that is a yes or a moment is
 * taken; "perhaps" where neither is, for a row comes into a state on its way as well. "no" where it can write none, or the
 * attacker cannot count all.
 */
async function areOffered(ground: Ground, attack: string): Promise<"no" | "said" | "perhaps"> {
  const { relation, attacker, victim } = ground
  const isSpared = sparing(relation) !== ""
  if (relation.tenancy.by !== "column" || isSpared || attacker.whyApart(victim) !== undefined) return "no"
  // What is said of a row by yes or no it does not say of itself.
  const needed = relation.columns.filter(
    ({ base, notNull, hasDefault }) => base === "boolean" && notNull && !hasDefault,
  )
  const silent = Object.fromEntries(needed.map(({ name }) => [name, "false"]))
  if ((await isTaken(ground, attack, silent)) !== false) return "no"
  const { insert } = await ground.scene.rights.of(victim, relation)
  const yes = relation.columns
    .filter(({ name, generated }) => insert.includes(name) && !generated)
    .flatMap(({ name, base }): [string, string][] =>
      base === "boolean" ? [[name, "true"]] : /^(date|timestamp)/.test(base) ? [[name, `now()::${base}`]] : [],
    )
  return yes.length > 0 && (await isTaken(ground, attack, Object.fromEntries(yes))) === true ? "said" : "perhaps"
}

/** Whether the same statement takes a new row of the victim's as well; undefined where that cannot be known. */
async function isTaken(
  { scene, relation, attacker, victim, theirs }: Ground,
  attack: string,
  said: Readonly<Record<string, string>>,
): Promise<boolean | undefined> {
  const [sample] = theirs.rows
  const [key] = victim.keys
  const { tenancy } = relation
  if (tenancy.by !== "column" || key === undefined) return undefined
  const set = {
    ...said,
    ...(sample === undefined ? {} : referencesOf(relation, sample, [tenancy.column.name])),
    [tenancy.column.name]:
      `${quoteLiteral(tenancy.column.category === "A" ? `{${key}}` : key)}::${tenancy.column.base}`,
  }
  const plain = insertStatement({ relation, rights: await scene.rights.of(victim, relation), like: undefined, set })
  if (plain === undefined) return undefined
  // All of them, however many: the new one is one more.
  const taken = async (tx: Transaction): Promise<number | undefined> => {
    if ((await tx.keep(attack)).error !== undefined) return undefined
    const all = `select count(*) from ${quoted(relation)} as wk_row where ${belongsTo(relation, "wk_row", victim.keys)}`
    const { rows, error } = await tx.attempt(all)
    return error === undefined ? numberOf(rows) : undefined
  }
  const before = await attacker.act(taken)
  if (before === undefined) return undefined
  return await victim.act(async (tx) => {
    const written = await tx.keep(plain)
    if (written.error !== undefined || written.count === 0 || !(await attacker.takeOver(tx, victim))) return undefined
    const now = await taken(tx)
    return now === undefined ? undefined : now !== before
  })
}
