import {
  type Action,
  type Actor,
  actions,
  type ColumnSet,
  conditionNamed,
  type Policy,
  type Rule,
} from "@wardkeep/core"
import { describeCondition } from "../condition/words.js"

/** One sentence about one role. `gains` needs a careful reader; `changes` may be either. */
export interface Change {
  readonly role: string
  readonly kind: "gains" | "loses" | "changes"
  /** `schema.table`, or null for the role itself. */
  readonly table: string | null
  /** Without the role: `delete public.invoice`. */
  readonly what: string
}

/**
 * What roles gain and lose between two policies, in words; the order is that of the policy files.
 *
 * @example
 * for (const { role, kind, what } of diff(before, after)) console.log(`${role} ${kind}: ${what}`)
 * // reception gains: delete public.invoice
 */
export function diff(before: Policy, after: Policy): Change[] {
  const names = new Map([...before.actors, ...after.actors].map((actor) => [`${actor.kind} ${actor.name}`, actor]))
  return [...names.values()].flatMap(({ kind, name }) => {
    const find = (policy: Policy): Actor | undefined =>
      policy.actors.find((actor) => actor.kind === kind && actor.name === name)
    return actorChanges(before, after, find(before), find(after))
  })
}

/** The sentences, one a line; empty when nothing changed. */
export function diffText(changes: readonly Change[]): string {
  return changes.map(({ role, kind, what }) => `${role} ${kind}: ${what}`).join("\n")
}

function actorChanges(before: Policy, after: Policy, old: Actor | undefined, now: Actor | undefined): Change[] {
  const role = now?.name ?? old?.name ?? ""
  const own = (kind: Change["kind"], what: string): Change => ({ role, kind, table: null, what })
  const changes: Change[] = []
  if (old === undefined) changes.push(own("gains", `the ${now?.kind ?? "role"} itself`))
  if (now === undefined) changes.push(own("loses", `the ${old?.kind ?? "role"} itself`))
  if (old !== undefined && now !== undefined) {
    for (const purpose of now.purposes.filter((one) => !old.purposes.includes(one)))
      changes.push(own("gains", `the purpose ${purpose}`))
    for (const purpose of old.purposes.filter((one) => !now.purposes.includes(one)))
      changes.push(own("loses", `the purpose ${purpose}`))
    const mfa = secondFactor(old.mfaSeconds, now.mfaSeconds)
    if (mfa !== null) changes.push(own(mfa.kind, `${mfa.what} to sign in`))
    if (old.mustExpire !== now.mustExpire)
      changes.push(own(now.mustExpire ? "loses" : "gains", "assignments without an end"))
  }
  const tables = new Set([...(old?.can.keys() ?? []), ...(now?.can.keys() ?? [])])
  for (const table of tables) {
    for (const action of actions) {
      const was = old?.can.get(table)?.rules[action]
      const is = now?.can.get(table)?.rules[action]
      const cell = cellChanges(action, { rule: was, policy: before }, { rule: is, policy: after }, table)
      changes.push(...cell.map(({ kind, what }) => ({ role, kind, table, what })))
    }
  }
  return changes
}

interface Side {
  readonly rule: Rule | undefined
  readonly policy: Policy
}

type Part = Pick<Change, "kind" | "what">

function cellChanges(action: Action, before: Side, after: Side, table: string): Part[] {
  const { rule: was } = before
  const { rule: is } = after
  const what = `${action} ${table}`
  if (was === undefined && is === undefined) return []
  if (was === undefined && is !== undefined) return [{ kind: "gains", what: `${what}${limits(after, is)}` }]
  if (is === undefined && was !== undefined) return [{ kind: "loses", what: `${what}${limits(before, was)}` }]
  if (was === undefined || is === undefined) return []
  const parts: Part[] = columnChanges(what, was.columns, is.columns)
  const condition = (from: string | null, to: string | null, how: string): void => {
    const old = from === null ? null : words(before.policy, from)
    const now = to === null ? null : words(after.policy, to)
    if (old === now) return
    if (now === null) parts.push({ kind: "gains", what: `${what}, no longer only ${how} ${old}` })
    else if (old === null) parts.push({ kind: "loses", what: `${what}, now only ${how} ${now}` })
    else parts.push({ kind: "changes", what: `${what}, only ${how} ${now}, no longer ${how} ${old}` })
  }
  condition(was.when, is.when, "when")
  if (was.after !== was.when || is.after !== is.when) condition(was.after, is.after, "leaving the row so that")
  parts.push(...purposeChanges(what, was.purposes, is.purposes))
  const mfa = secondFactor(was.mfaSeconds, is.mfaSeconds)
  if (mfa !== null) parts.push({ kind: mfa.kind, what: `${what}, ${mfa.what}` })
  return parts
}

function columnChanges(what: string, was: ColumnSet, is: ColumnSet): Part[] {
  if (was === "all" || is === "all") {
    if (was === is) return []
    return was === "all"
      ? [{ kind: "loses", what: `${what}, now only ${[...is].join(", ")}` }]
      : [{ kind: "gains", what: `${what}, every column, no longer only ${was.join(", ")}` }]
  }
  const added = is.filter((column) => !was.includes(column))
  const gone = was.filter((column) => !is.includes(column))
  const parts: Part[] = []
  if (added.length > 0) parts.push({ kind: "gains", what: `${what} (${added.join(", ")})` })
  if (gone.length > 0) parts.push({ kind: "loses", what: `${what} (${gone.join(", ")})` })
  return parts
}

function purposeChanges(what: string, was: Rule["purposes"], is: Rule["purposes"]): Part[] {
  if (was === null && is === null) return []
  if (was === null) return [{ kind: "loses", what: `${what}, now only for ${(is ?? []).join(", ")}` }]
  if (is === null) return [{ kind: "gains", what: `${what}, for every purpose, no longer only ${was.join(", ")}` }]
  const added = is.filter((purpose) => !was.includes(purpose))
  const gone = was.filter((purpose) => !is.includes(purpose))
  const parts: Part[] = []
  if (added.length > 0) parts.push({ kind: "gains", what: `${what} for ${added.join(", ")}` })
  if (gone.length > 0) parts.push({ kind: "loses", what: `${what} for ${gone.join(", ")}` })
  return parts
}

/** An older second factor is worth more to the role. */
function secondFactor(was: number | null, is: number | null): Part | null {
  if (was === is) return null
  if (is === null) return { kind: "gains", what: "without a second factor" }
  const kind = was === null || is < was ? "loses" : "gains"
  return { kind, what: `with a second factor not older than ${is} seconds` }
}

function limits({ policy }: Side, rule: Rule): string {
  const parts: string[] = []
  if (rule.columns !== "all") parts.push(`only ${rule.columns.join(", ")}`)
  if (rule.when !== null) parts.push(`when ${words(policy, rule.when)}`)
  if (rule.purposes !== null) parts.push(`for ${rule.purposes.join(" or ")}`)
  if (rule.mfaSeconds !== null) parts.push(`with a second factor not older than ${rule.mfaSeconds} seconds`)
  return parts.map((part) => `, ${part}`).join("")
}

/** Compared by what it says, so that a condition whose meaning changed under its old name is a change. */
function words(policy: Policy, name: string): string {
  const condition = conditionNamed(policy, name)
  return condition === undefined ? name : describeCondition(condition)
}
