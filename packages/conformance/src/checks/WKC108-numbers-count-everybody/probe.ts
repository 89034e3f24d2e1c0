import { randomInt } from "node:crypto"
import { quoteIdent, quoteLiteral } from "@wardkeep/core"
import type { Column, Relation } from "../../catalog/relation.js"
import type { Actor } from "../../database/actor.js"
import type { Transaction } from "../../database/transaction.js"
import { aims } from "../../probe/aim.js"
import type { Owned } from "../../probe/facts.js"
import { type Ground, onEveryTable } from "../../probe/ground.js"
import { insertStatement } from "../../probe/insertion.js"
import { defineProbe } from "../../run/check.js"

export const probe = defineProbe({
  code: "WKC108",
  title: "Numbers that a tenant hands out count the rows of others",
  severity: "oracle",
  cwe: "CWE-203",
  cvss: "CVSS:3.1/AV:N/AC:L/PR:L/UI:N/S:U/C:L/I:N/A:N",
  run: async (scene, record) => {
    await onEveryTable(
      scene,
      record,
      async (ground) => {
        for (const column of handedOut(ground.relation)) await count(ground, column)
      },
      (relation) => handedOut(relation).length > 0,
    )
  },
})

/**
 * Drawn for each row, and a row's own only together with its tenant: a number of the tenant's, such as a token or a bill, which
 * could be counted for each tenant. What is unique by itself could not, and what is called an id is nobody's to read.
 */
function handedOut(relation: Relation): Column[] {
  const { columns, keys, tenancy } = relation
  if (tenancy.by !== "column") return []
  const own = keys.filter(({ kind }) => kind === "p" || kind === "u")
  return columns.filter(
    ({ name, base, drawn }) =>
      drawn &&
      /^(smallint|integer|bigint)$/.test(base) &&
      !/(^|_)(id|pk|key|seq)$/i.test(name) &&
      own.some((key) => key.columns.includes(name) && key.columns.includes(tenancy.column.name)) &&
      !own.some((key) => key.columns.includes(name) && !key.columns.includes(tenancy.column.name)),
  )
}

/** Two numbers of the attacker's, one after the other, and two with rows of the victim in between. */
async function count(ground: Ground, column: Column): Promise<void> {
  const { scene, record, label, relation, attacker, victim, theirs, mine, rights } = ground
  if (!rights.select.includes(column.name) || rights.insert.length === 0) return
  const apart = attacker.whyApart(victim)
  if (apart !== undefined)
    return record.leftOut(label, `whether its numbers count another tenant's rows was not tried, because ${apart}`)
  const taken = randomInt(3, 8)
  const rightsOfVictim = await scene.rights.of(victim, relation)
  const own = [0, 1, 2].map(() => drawing(relation, attacker, mine, rights, column))
  const between = Array.from({ length: taken }, () => drawing(relation, victim, theirs, rightsOfVictim, undefined))
  const [first, second, third] = own
  const statements = between.filter((one) => one !== undefined)
  const unasked = (): void =>
    record.leftOut(label, "whose numbers they count was not tried, because no row could be written")
  if (first === undefined || second === undefined || third === undefined || statements.length < taken) return unasked()
  const told = await attacker.act(async (tx) => {
    const [one, two] = [await drawn(tx, first), await drawn(tx, second)]
    if (one === undefined || two === undefined || one === two || !(await victim.takeOver(tx, attacker)))
      return undefined
    for (const statement of statements) if ((await tx.keep(statement)).error !== undefined) return undefined
    if (!(await attacker.takeOver(tx, victim))) return undefined
    const three = await drawn(tx, third)
    return three === undefined ? undefined : three - two === (two - one) * (taken + 1)
  })
  if (told === undefined) return unasked()
  record.probe(label)
  // The victim's rows were written in between: had they been counted, it would have shown.
  record.control()
  if (!told) return
  record.found({
    object: label,
    message: `Two numbers of tenant ${attacker.name} in ${column.name} tell how many rows tenant ${victim.name} wrote in between.`,
    evidence: `after ${taken} rows of tenant ${victim.name} its next ${column.name} was ${taken} further on than before`,
    replay: attacker.replay(
      first,
      second,
      ...victim.takingOver(attacker),
      ...statements,
      ...attacker.takingOver(victim),
      third,
    ),
    fix: `Count ${column.name} for each tenant, in a table with a row for each tenant that is locked while the number is taken, or draw it at random.`,
  })
}

/** An INSERT that answers with the number where a column is asked for. */
function drawing(
  relation: Relation,
  actor: Actor,
  owned: Owned,
  rights: Ground["rights"],
  column: Column | undefined,
): string | undefined {
  const like = owned.count > 0 ? aims(relation, actor, owned)[0] : undefined
  const [key] = actor.keys
  const { tenancy } = relation
  const isNamed =
    tenancy.by === "column" && key !== undefined && like === undefined && rights.insert.includes(tenancy.column.name)
  const set: Record<string, string> = isNamed
    ? { [tenancy.column.name]: `${quoteLiteral(key)}::${tenancy.column.base}` }
    : {}
  const suffix = column === undefined ? "" : ` returning ${quoteIdent(column.name)} as number`
  return insertStatement({ relation, rights, like, set, suffix })
}

async function drawn(tx: Transaction, statement: string): Promise<number | undefined> {
  const { rows, error } = await tx.keep(statement)
  const value = Number(rows[0]?.number)
  return error === undefined && Number.isSafeInteger(value) ? value : undefined
}
