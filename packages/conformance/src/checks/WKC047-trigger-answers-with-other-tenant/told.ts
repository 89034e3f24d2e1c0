import { quoteIdent } from "@wardkeep/core"
import { quoted } from "../../catalog/relation.js"
import { isRaised, type Outcome, visibleText } from "../../database/outcome.js"
import type { Transaction } from "../../database/transaction.js"
import { whyUnanswered } from "../../database/unanswered.js"
import { aims } from "../../probe/aim.js"
import { checkedWords } from "../../probe/checked-words.js"
import { freshValue } from "../../probe/fresh.js"
import type { Ground } from "../../probe/ground.js"
import { type Insertion, inOrder, insertStatement, literalOf } from "../../probe/insertion.js"
import { ownRow } from "../../probe/natural-key.js"
import { type Alike, columnLimit, numbered, sharedColumns, underAlike } from "./asking.js"

/** What another tenant's row changed for the attacker's own. */
export interface Told {
  readonly how: string
  readonly replay: string
}

/**
 * The attacker's own row before and after the victim has written one that is like it: where it is refused only then, or
 * comes back with another value, it was compared with, or counted among, everybody's.
 */
export async function toldByNeighbour(ground: Ground): Promise<Told | undefined> {
  for (const asked of [...(await sets(ground)).map((set) => ({ set })), ...(await underAlike(ground))]) {
    const told = await tryBoth(ground, asked)
    if (told !== undefined) return told
  }
  return undefined
}

/** Nothing in common, everything, one column after the other, then a number left to the server beside a group of the attacker's. */
async function sets(ground: Ground): Promise<Readonly<Record<string, string>>[]> {
  const listed = (await checkedWords(ground.scene)).filter((one) => one.relation === ground.relation.oid)
  const pairs = sharedColumns(ground)
    .filter(({ name }) => !listed.some(({ column }) => column === name))
    .slice(0, columnLimit)
    .flatMap((column): [string, string][] => {
      const value = freshValue(column)
      return value === undefined ? [] : [[column.name, value]]
    })
  const single = pairs.length > 1 ? pairs.map(([name, value]) => ({ [name]: value })) : []
  return [{}, ...(pairs.length > 0 ? [Object.fromEntries(pairs)] : []), ...single, ...numberedAlike(ground)]
}

/** Both in one year of the attacker's: each has numbers of its own in it, or they are everybody's. */
function numberedAlike({ relation, rights, mine }: Ground): Readonly<Record<string, string>>[] {
  const foreign = new Set(relation.keys.filter(({ kind }) => kind === "f").flatMap(({ columns }) => columns))
  const [row] = mine.rows
  if (row === undefined || rights.insert.length === 0) return []
  return numbered(relation, rights).map(({ column, group }) => ({
    ...Object.fromEntries(
      group
        .filter(({ name }) => !foreign.has(name) && rights.insert.includes(name))
        .map(({ name }) => [name, literalOf(relation, name, row)]),
    ),
    [column.name]: "default",
  }))
}

async function tryBoth(ground: Ground, { set, above }: Alike): Promise<Told | undefined> {
  const { scene, record, label, relation, attacker, victim, theirs, rights } = ground
  const like = theirs.count > 0 ? aims(relation, victim, theirs)[0] : undefined
  const firstRow = writing({ relation, rights: await scene.rights.of(victim, relation), like, set })
  const shown = rights.select.map(quoteIdent).join(", ")
  const suffix = shown === "" ? "" : ` returning ${shown}`
  const secondRow = writing({ relation, rights, like: ownRow(ground), set, suffix, same: true })
  if (firstRow === undefined || secondRow === undefined) return undefined
  const under = (parent: string | undefined, row: string): string => (parent === undefined ? row : `${parent};\n${row}`)
  const [first, second] = [under(above?.theirs, firstRow), under(above?.own, secondRow)]
  const ask = async (tx: Transaction): Promise<Outcome> => await tx.attempt(second)
  const [was, same] = [await attacker.act(ask), await attacker.act(ask)]
  if (!isAnswered(was)) return undefined
  const now = await victim.act(async (tx) => {
    const written = await tx.keep(first)
    if (written.error !== undefined || written.count === 0 || !(await attacker.takeOver(tx, victim))) return undefined
    return await ask(tx)
  })
  if (now === undefined) return undefined
  record.probe(label)
  if (isAccepted(was)) record.control()
  if (changeOf(was, same, now) === undefined) return undefined
  // The clock, or somebody else, may have changed it, or what the victim's statement left in the session's memory: once
  // that one is undone it must be as before. Behind an error, PL/pgSQL writes another CONTEXT until the transaction ends.
  const undone = await victim.act(async (tx) => {
    await tx.attempt(first)
    return (await attacker.takeOver(tx, victim)) ? await ask(tx) : undefined
  })
  const how = undone && changeOf(was, undone, now)
  if (how === undefined) return undefined
  // Each in its own transaction, or the attacker's first row would be in the way of its second.
  const replay = `${attacker.replay(second)}\n${victim.replay(first, ...attacker.takingOver(victim), second)}`
  return { how, replay }
}

/** A new row, or where none may be inserted, an own one changed. */
function writing(insertion: Insertion): string | undefined {
  const { relation, rights, like, set, suffix = "" } = insertion
  if (rights.insert.length > 0) return insertStatement(insertion)
  const columns = Object.entries(set).filter(([name]) => rights.update.includes(name))
  if (like === undefined || columns.length === 0) return undefined
  const list = columns.map(([name, value]) => `${quoteIdent(name)} = ${value}`).join(", ")
  // One row, or it would be compared with itself.
  const one = `select wk_row.ctid from ${quoted(relation)} as wk_row where ${like}${inOrder(rights)} limit 1`
  return `update ${quoted(relation)} as wk_row set ${list} where wk_row.ctid in (${one})${suffix}`
}

function changeOf(was: Outcome, same: Outcome, now: Outcome): string | undefined {
  if (!isAnswered(now) || isAccepted(was) !== isAccepted(same)) return undefined
  if (isAccepted(was) !== isAccepted(now)) return isAccepted(was) ? "it is refused" : "it is accepted"
  if (!isAccepted(was)) {
    // The words by themselves too: a CONTEXT that moves must not hide that they do.
    const isMoved = [visibleText, wordsOf].some((of) => of(was) === of(same) && of(was) !== of(now))
    return isMoved ? "it is refused with other words" : undefined
  }
  const [before, again, after] = [was.rows[0], same.rows[0], now.rows[0]]
  const text = (value: unknown): string => JSON.stringify(value ?? null)
  // What is drawn, or the time of day, is another one each time.
  const moved = Object.keys(before ?? {}).filter(
    (name) => text(before?.[name]) === text(again?.[name]) && text(before?.[name]) !== text(after?.[name]),
  )
  if (moved.length > 0) return `${moved.join(", ")} comes back with another value`
  const said = ({ notices }: Outcome): string => notices.join("\n")
  return said(was) === said(same) && said(was) !== said(now) ? "the server's notices are others" : undefined
}

const wordsOf = ({ error }: Outcome): string => [error?.message, error?.detail, error?.hint].join("\n")

const isAccepted = ({ error, count }: Outcome): boolean => error === undefined && count > 0

/** Keys are another check's question, privileges and policies too, unless a trigger says it in their name; what took too long is no answer. */
const isAnswered = ({ error }: Outcome): boolean =>
  error === undefined ||
  isRaised(error) ||
  (!/^(23505|23P01|23503|42501)$/.test(error.code) && whyUnanswered(error.code) === undefined)
