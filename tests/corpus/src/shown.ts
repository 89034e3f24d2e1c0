import type { System } from "./system.ts"

/** What was said to one statement of a replay. */
export interface Answer {
  readonly statement: string
  readonly said: string
  readonly rows: readonly Record<string, unknown>[]
  /** Of the command tag. */
  readonly count: number
  readonly command: string
  readonly refused: string | undefined
}

/**
 * Whether a replay shows a leak: the word of another tenant, a write in another tenant's name, what nobody else than the owner
 * should be able to do, a key that is taken, by a refusal or by a row that is left out, rows without any context; an answer that is not the same once the others' rows
 * are gone; or two answers beside each other that are the same then.
 */
export function shows(
  { target, shows: word }: Pick<System, "target" | "shows">,
  canary: string,
  answers: readonly Answer[],
  withoutOthers: readonly Answer[],
): boolean {
  const [tried, later] = [attempts(answers), attempts(withoutOthers)]
  const words = word === undefined ? [canary] : [word, canary]
  if (tried.some(({ said, refused }) => refused !== "42501" && words.some((one) => said.includes(one)))) return true
  const last = tried.at(-1)
  if (last === undefined) return false
  if (/^23(505|P01|503)$/.test(last.refused ?? "")) return true
  const before = tried.find(({ statement }) => statement === last.statement)
  // Accepted, then refused once somebody else had been there, although the first one was taken back.
  const isNowRefused = last.refused !== undefined && last.refused !== "42501" && before?.refused === undefined
  if (isNowRefused && before?.count !== 0 && tenantsIn(target, answers).length > 1) return true
  if (areApart(tried) === true && areApart(later) === false) return true
  // Left out because the key is taken, and not once the others' rows are gone: written then, or refused for another reason.
  const isSkipped =
    last.refused === undefined && last.count === 0 && /\bon conflict\b.*\bdo nothing\b/i.test(last.statement)
  const then = later.at(-1)
  if (isSkipped && then !== undefined && (then.count > 0 || then.refused !== undefined)) return true
  const gone = then?.refused
  // Refused in two ways: for what another tenant has, and for what nobody has.
  if (last.refused !== undefined) return gone !== undefined && gone !== last.refused
  if (/^(truncate|create trigger|alter table \S+ disable row level security)\b/i.test(last.statement)) return true
  const others = target.tenants.slice(1).map(({ key }) => `'${key}'`)
  const isWrite = /^(INSERT|UPDATE|DELETE|MERGE)$/.test(last.command)
  if (isWrite && last.count > 0 && others.some((key) => last.statement.includes(key))) return true
  const hasChanged = before !== last && before?.said !== last.said
  // Somebody else was there in between.
  if (hasChanged && tenantsIn(target, answers).length > 1) return true
  const isAnswered =
    last.rows.some((row) => Object.values(row).some((value) => value === true || Number(value) > 0)) ||
    (last.rows.length === 0 && last.count > 0)
  return isAnswered && (!isInContext(target, answers) || last.said !== later.at(-1)?.said)
}

/**
 * In a context, an answer of some rows that is another one once the others' rows are gone, and then the same whenever it is
 * asked: neither the clock nor chance has changed it.
 */
export function movesWith(
  { target }: Pick<System, "target">,
  answers: readonly Answer[],
  withoutOthers: readonly Answer[],
  again: readonly Answer[],
): boolean {
  const [last, later, same] = [answers, withoutOthers, again].map((all) => attempts(all).at(-1))
  const isAnswered = last !== undefined && last.refused === undefined && last.rows.length > 0
  if (!isAnswered || later === undefined || later.refused !== undefined || !isInContext(target, answers)) return false
  return last.said !== later.said && later.said === same?.said
}

/** The last two call one function about two things: whether the answers differ by more than what was asked. */
function areApart(tried: readonly Answer[]): boolean | undefined {
  const [nobodys, theirs] = tried.slice(-2)
  if (nobodys === undefined || theirs === undefined || nobodys.statement === theirs.statement) return undefined
  const isCall = /^(call|select) [^\s(]+\(/i.test(theirs.statement)
  return isCall && formOf(nobodys) === formOf(theirs) ? answerOf(nobodys) !== answerOf(theirs) : undefined
}

const literal = /'((?:[^']|'')*)'/g

const formOf = ({ statement }: Answer): string => statement.replace(literal, "asked")

const answerOf = ({ statement, said }: Answer): string =>
  [...statement.matchAll(literal)].reduce(
    (text, [, value = ""]) => (value === "" ? text : text.replaceAll(value, "asked")),
    said,
  )

const attempts = (answers: readonly Answer[]): Answer[] =>
  answers.filter(({ statement }) => !/^(begin|rollback|commit|set |select set_config)/i.test(statement))

/** Somebody's context was entered in the last transaction; who is told by the login alone is always in one. */
function isInContext(target: System["target"], answers: readonly Answer[]): boolean {
  const from = answers.findLastIndex(({ statement }) => /^begin/i.test(statement))
  const byLogin = target.tenants.some(({ connect }) => partsOf(connect).length === 0)
  return byLogin || tenantsIn(target, answers.slice(Math.max(0, from))).length > 0
}

/** Whose contexts these statements enter. */
function tenantsIn({ tenants }: System["target"], answers: readonly Answer[]): string[] {
  const text = answers.map(({ statement }) => statement).join("\n")
  return tenants
    .filter(({ connect }) => {
      const parts = partsOf(connect)
      return parts.length > 0 && parts.every((part) => text.includes(part))
    })
    .map(({ name }) => name)
}

/** It is in the context of another tenant than the first, and never in the first one's. */
export function isAnothers({ tenants }: System["target"], replay: string): boolean {
  const enters = ({ connect }: System["target"]["tenants"][number]): boolean => {
    const parts = partsOf(connect)
    return parts.length === 0
      ? replay.includes(`-- connected as ${connect.user}\n`)
      : parts.every((part) => replay.includes(part))
  }
  const [first, ...others] = tenants
  return first !== undefined && !enters(first) && others.some(enters)
}

function partsOf({ settings = {}, role }: System["target"]["tenants"][number]["connect"]): string[] {
  const set = Object.entries(settings).map(([name, value]) => `set_config('${name}', '${value.replaceAll("'", "''")}'`)
  return role === undefined ? set : [...set, `"${role}"`]
}
