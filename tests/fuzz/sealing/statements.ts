import { pick, weighted } from "../random.ts"
import { recordKey } from "./ledger.ts"
import { keysOf, type Transaction, within } from "./transaction.ts"

/** What a statement may draw from. */
export interface Turn {
  readonly transaction: Transaction
  readonly random: () => number
  /** The record that all visits of this writer belong to. */
  readonly patient: number
  /** Most rows of one statement. */
  readonly most: number
  readonly isolation: Isolation
  /** Records that every writer of this branch writes. */
  readonly contended: readonly number[]
}

export const isolations = ["read committed", "repeatable read", "serializable"] as const
export type Isolation = (typeof isolations)[number]
export type Statement = (turn: Turn) => Promise<void>

const [visit, patient] = ["public.visit", "public.patient"]

/** Most are short, some are long. */
function count({ random, most }: Turn): number {
  const highest = weighted(random, [
    [12, Math.min(4, most)],
    [4, Math.ceil(most / 8)],
    [1, most],
  ] as const)
  return 1 + Math.floor(random() * highest)
}

const insertVisits: Statement = async (turn) => {
  const run = turn.transaction.make(count(turn))
  await turn.transaction.record(
    (request) =>
      `insert into visit (id, patient_id, reason) select id, '${recordKey(turn.patient)}', '${request}' from ${keysOf(run)}`,
    { relation: visit, verb: "create", ...run },
  )
}

const updateVisits: Statement = async (turn) => {
  const run = turn.transaction.take(turn.random, count(turn))
  if (run === undefined) return await insertVisits(turn)
  await turn.transaction.record((request) => `update visit set reason = '${request}' where ${within(run)}`, {
    relation: visit,
    verb: "update",
    ...run,
  })
}

const deleteVisits: Statement = async (turn) => {
  const run = turn.transaction.take(turn.random, count(turn))
  if (run === undefined) return await insertVisits(turn)
  await turn.transaction.record(() => `delete from visit where ${within(run)}`, {
    relation: visit,
    verb: "delete",
    ...run,
  })
  turn.transaction.remove(run)
}

/** A person with visits, deleted again: the visits go by the foreign key. */
const cascade: Statement = async (turn) => {
  const { transaction, random } = turn
  const [person, visits] = [transaction.make(1), transaction.make(1 + Math.floor(random() * 5))]
  const key = recordKey(person.first)
  await transaction.record(
    (request) => `insert into patient (id, full_name) values ('${key}', '${request}');
      insert into visit (id, patient_id, reason) select id, '${key}', 'x' from ${keysOf(visits)}`,
    { relation: patient, verb: "create", ...person },
    { relation: visit, verb: "create", ...visits },
  )
  await transaction.record(
    () => `delete from patient where id = '${key}'`,
    { relation: patient, verb: "delete", ...person },
    { relation: visit, verb: "delete", ...visits, cascades: true },
  )
  transaction.remove(person)
  transaction.remove(visits)
}

const view: Statement = async ({ transaction, random, patient: person }) => {
  const soon = random() < 0.5
  await transaction.record(
    () =>
      `select wardkeep_audit.record_view('${patient}', array['contact'], array['${recordKey(person)}'], 1, 'exact', null, ${soon})`,
    { relation: patient, verb: "view", first: person, last: person },
  )
}

/** More than the 64 subtransactions that a backend shows to others; their events are this transaction's. */
const manySubtransactions: Statement = async ({ transaction, patient: person }) => {
  const run = transaction.make(70)
  const each = Array.from({ length: 70 }, (_, n) => run.first + n).map(
    (n) =>
      `savepoint one; insert into visit (id, patient_id, reason) values ('${recordKey(n)}', '${recordKey(person)}', 'x'); release one`,
  )
  await transaction.record(() => each.join("; "), { relation: visit, verb: "create", ...run })
}

/** Written, and undone by an error that is caught. */
const failing: Statement = async (turn) => {
  const { transaction } = turn
  await transaction.ask("savepoint caught")
  const mark = transaction.mark()
  await insertVisits(turn)
  await transaction.ask("select 1 / 0").catch((error: unknown) => {
    if (!(error instanceof Error && "code" in error && error.code === "22012")) throw error
  })
  await transaction.ask("rollback to caught")
  transaction.back(mark)
}

/** Two levels, each kept or undone. */
const savepoints: Statement = async (turn) => {
  const { transaction, random } = turn
  const level = async (name: string, inner: Statement): Promise<void> => {
    await transaction.ask(`savepoint ${name}`)
    const mark = transaction.mark()
    await weighted(random, flat)(turn)
    await inner(turn)
    if (random() < 0.5) return await transaction.ask(`release ${name}`)
    await transaction.ask(`rollback to ${name}`)
    transaction.back(mark)
  }
  await level("outer_one", () => level("inner_one", async () => undefined))
}

/** A record that others write as well. Serializable: what was read decides, so that two of these cannot both be right. */
export const contend: Statement = async ({ transaction, random, isolation, contended }) => {
  const chosen = pick(random, contended)
  const key = `'${recordKey(chosen)}'`
  const others = contended.map((n) => `'${recordKey(n)}'`).join(", ")
  if (isolation === "serializable") await transaction.ask(`select phone from patient where id in (${others})`)
  await transaction.record((request) => `update patient set phone = '${request}' where id = ${key}`, {
    relation: patient,
    verb: "update",
    first: chosen,
    last: chosen,
  })
}

const flat: readonly (readonly [number, Statement])[] = [
  [10, insertVisits],
  [8, updateVisits],
  [4, deleteVisits],
  [2, view],
  [1, cascade],
]

export const statements: readonly (readonly [number, Statement])[] = [
  ...flat,
  [4, savepoints],
  [2, failing],
  [0.4, manySubtransactions],
]
