import type { Outcome } from "../../database/outcome.js"
import type { Transaction } from "../../database/transaction.js"
import { anySibling } from "../../probe/lookalike.js"
import type { Pair } from "../../probe/pair.js"

/** What a function is asked about, as SQL. */
export interface Asked {
  /** The report does not print it. */
  readonly theirs: readonly string[]
  readonly own: readonly string[]
  readonly nobodys: readonly string[]
  /** Of nobody's, those that hold nothing of the victim's value but its form. */
  readonly printable: readonly string[]
  /** How many answers there may be about nobody's: what is malformed may be told so, and a value that is not be looked for. */
  readonly kinds: number
  /** Values that begin as that one of theirs does and that nobody has. */
  readonly siblings: (place: number) => Promise<readonly string[]>
  /** It is reported already that the function tells whether a row is there: the siblings were asked for that. */
  readonly isKnown?: boolean
}

export interface ToldByRow {
  /** About a row of the victim's. */
  readonly attack: string
  /** The same about a row that nobody has. */
  readonly compared: string | undefined
  /** The answer itself tells something; otherwise only that the row is there. */
  readonly isContent: boolean
  /** It is refused otherwise than for a row that nobody has. */
  readonly isRefused?: boolean
}

interface Answers {
  readonly meant: readonly string[]
  readonly got: readonly string[]
  readonly again: readonly string[]
  readonly mine: readonly string[]
  readonly nothing: readonly string[]
}

interface Suspected {
  readonly place: number
  readonly isContent: boolean
  readonly isRefused?: boolean
}

/**
 * Asks about all of them. An answer tells of the victim where it is another one than about anything that nobody has, the
 * siblings of what was asked for among that: they pass whatever looks at the value alone, such as a check digit.
 *
 * @param seen told of the answers to the attacker
 */
export async function ask(
  { attacker, victim }: Pair,
  asked: Asked,
  call: (id: string) => string,
  seen: (answers: readonly string[]) => void,
): Promise<ToldByRow | undefined> {
  const { theirs, own, nobodys, kinds } = asked
  const all =
    (ids: readonly string[]) =>
    async (tx: Transaction): Promise<string[]> => {
      const answers: string[] = []
      for (const id of ids) answers.push(answerOf(await tx.attempt(call(id))))
      return answers
    }
  const meant = await victim.act(all(theirs))
  const answers = await attacker.act(
    async (tx): Promise<Answers> => ({
      meant,
      got: await all(theirs)(tx),
      again: await all(theirs)(tx),
      mine: await all(own)(tx),
      nothing: await all(nobodys)(tx),
    }),
  )
  seen([...answers.got, ...answers.mine])
  const unknown = saidOfNobody(nobodys, answers.nothing, kinds)
  if (unknown === undefined) return undefined
  const keys = [...attacker.keys, ...victim.keys].map((key) => JSON.stringify([key]))
  const suspected = toldAlike(asked, answers, unknown, keys) ?? toldApart(asked, answers, unknown, keys)
  if (suspected === undefined) return undefined
  const { place, ...how } = suspected
  const id = theirs[place] ?? ""
  const siblings = asked.isKnown === true && !how.isContent ? [] : await asked.siblings(place)
  const answer = marked(answers.got[place] ?? "", id)
  const isAlike = await attacker.act(
    async (tx) =>
      await anySibling(siblings, async (one) => marked(answerOf(await tx.attempt(call(one))), one) === answer),
  )
  if (isAlike) return undefined
  const compared = rarest(asked, answers.nothing, unknown)
  return { attack: call(id), compared: compared && call(compared), ...how }
}

type Unknown = (id: string) => readonly string[]

/** Where the attacker gets the victim's answer. */
function toldAlike(
  { theirs }: Asked,
  { meant, got, again, mine }: Answers,
  unknown: Unknown,
  keys: readonly string[],
): Suspected | undefined {
  const told = theirs.flatMap((id, place) => {
    const answer = got[place] ?? ""
    const isTheirs = answer === meant[place] && answer === again[place] && !unknown(id).includes(answer)
    return isTheirs && !isError(answer) && !keys.includes(answer) ? [{ place, answer }] : []
  })
  const [first] = told
  if (first === undefined) return undefined
  const fresh = told.find(({ answer }) => !mine.includes(answer))
  const isContent = fresh !== undefined || new Set(told.map(({ answer }) => answer)).size > 1
  return { place: (fresh ?? first).place, isContent }
}

/**
 * Where it does not get the victim's answer: refused in another way than for a row of nobody's, or answered as for a row of its
 * own, with words around it that only it may use, or with the same word about each of the victim's that it has for nothing else. Either
 * says that the row is there.
 */
function toldApart(
  { theirs }: Asked,
  { got, again, mine }: Answers,
  unknown: Unknown,
  keys: readonly string[],
): Suspected | undefined {
  const isApart = (id: string, place: number): boolean =>
    !unknown(id).includes(got[place] ?? "") && got[place] === again[place]
  const refused = theirs.findIndex(
    (id, place) => isApart(id, place) && isRefusal(got[place] ?? "") && unknown(id).some(isRefusal),
  )
  if (refused >= 0) return { place: refused, isContent: false, isRefused: true }
  const taken = theirs.findIndex((id, place) => {
    const answer = got[place] ?? "error"
    return isApart(id, place) && !isError(answer) && mine.includes(answer)
  })
  if (taken >= 0) return { place: taken, isContent: false }
  const said = theirs.map((id, place) => (isApart(id, place) ? (got[place] ?? "error") : "error"))
  const [word = "error"] = said
  // Once may be a word about the value; of all that is asked about it is one about whose they are.
  const isSaidOfAll = theirs.length > 1 && !isError(word) && !keys.includes(word) && said.every((one) => one === word)
  return isSaidOfAll ? { place: 0, isContent: false } : undefined
}

const isError = (answer: string): boolean => answer.startsWith("error")

/** By the function itself: of a privilege or a type that does not fit the server's own words say nothing. */
const isRefusal = (answer: string): boolean => /^error (P0|02|42501|22023|23)/.test(answer)

/** A procedure answers with what it gives back. */
const answerOf = ({ rows, error }: Outcome): string =>
  error === undefined
    ? JSON.stringify(rows.map((row) => row.answer ?? Object.values(row)))
    : `error ${error.code} ${error.message}`

/** What the SQL of a value says. */
const textOf = (id: string): string => (/'((?:[^']|'')*)'$/.exec(id)?.[1] ?? id).replaceAll("''", "'")

/** A refusal repeats what was asked for. */
const marked = (answer: string, id: string): string =>
  isError(answer) ? answer.replaceAll(textOf(id), "asked") : answer

/**
 * The answers about all that nobody has, with what was asked for in its place; undefined where there are more kinds. Taken out of the
 * text, a short number would take digits of others along: the longest stands in no sentence by chance.
 */
function saidOfNobody(nobodys: readonly string[], answers: readonly string[], most: number): Unknown | undefined {
  const places = nobodys.map((_, place) => place)
  const length = (place: number): number => textOf(nobodys[place] ?? "").length
  const kinds: ((id: string) => string)[] = []
  for (const place of places.toSorted((a, b) => length(b) - length(a))) {
    const [id, answer] = [nobodys[place] ?? "", answers[place] ?? ""]
    if (kinds.some((said) => said(id) === answer)) continue
    if (kinds.length === most) return undefined
    const parts = isError(answer) ? answer.split(textOf(id)) : [answer]
    kinds.push((other) => parts.join(textOf(other)))
  }
  return kinds.length === 0 ? undefined : (id) => kinds.map((said) => said(id))
}

/** One that may be printed: of several kinds of answers that of the fewest, which were looked for and are not malformed. */
function rarest({ nobodys, printable }: Asked, answers: readonly string[], unknown: Unknown): string | undefined {
  const kindOf = (id: string): number => unknown(id).indexOf(answers[nobodys.indexOf(id)] ?? "")
  const kinds = nobodys.map(kindOf)
  const count = (id: string): number => kinds.filter((kind) => kind === kindOf(id)).length
  return printable.toSorted((a, b) => count(a) - count(b))[0]
}
