import { eventLeaf, type Hidden, type OpenEvent } from "./hashing.js"
import type { ShownLeaf } from "./log.js"

/** A month was dropped: the events of these leaves, each from and to, are gone on purpose. */
export interface DropAct {
  readonly leaf: number
  readonly month: string
  readonly events: number
  readonly ranges: readonly (readonly [number, number])[]
  readonly actor: string
  /** `YYYY-MM-DD`. */
  readonly on: string
}

/** What a {@link DropAct} before it announced was done: the events are not there any more. */
export interface DoneAct {
  readonly leaf: number
  readonly done: string
}

/** A key signs no more: the old key said so itself, in the last batch that it signed. */
export interface RotationAct {
  readonly leaf: number
  /** SHA-256 of the 32 bytes of the public key, hex. */
  readonly retired: string
}

/** From here on the log is another incarnation's, under another name, as a signed note says; whether it holds is asked later. */
export interface IncarnationAct {
  readonly leaf: number
  readonly incarnation: string
  readonly actor: string
  /** `YYYY-MM-DD`. */
  readonly on: string
}

export type Act = DropAct | DoneAct | RotationAct | IncarnationAct

const acts: ReadonlySet<string> = new Set([
  "retention wardkeep_audit.event",
  "rotation wardkeep_audit.checkpoint",
  "incarnation wardkeep_audit.seal_state",
])

/** What the owner's functions sealed about the log itself; nothing where the event is not the one that was sealed. */
export function actOf({ index, hash, event, erased }: ShownLeaf): Act | undefined {
  if (event === undefined || event.role !== "owner" || erased === true) return undefined
  const kind = `${event.verb} ${event.relation}`
  if (!acts.has(kind) || !eventLeaf(event).equals(hash)) return undefined
  const detail = said(event.detail)
  if (event.verb === "retention") return dropOf(index, event, detail)
  if (event.verb === "incarnation") return incarnationOf(index, event, detail)
  return typeof detail.retired === "string" ? { leaf: index, retired: detail.retired } : undefined
}

function incarnationOf(leaf: number, event: OpenEvent, { note }: Record<string, unknown>): IncarnationAct | undefined {
  const [actor, on] = [actorOf(event), dayOf(event)]
  if (typeof note !== "string" || actor === null || on === undefined) return undefined
  return { leaf, incarnation: note, actor, on }
}

const actorOf = ({ actor }: OpenEvent): string | null => ("value" in actor ? actor.value : null)

function dayOf(event: OpenEvent): string | undefined {
  const on = new Date(Number(BigInt(event.at_us) / 1000n))
  return Number.isNaN(on.getTime()) ? undefined : on.toISOString().slice(0, 10)
}

function dropOf(leaf: number, event: OpenEvent, detail: Record<string, unknown>): DropAct | DoneAct | undefined {
  const { phase, month, leaves } = detail
  if (phase === "completed" && typeof month === "string") return { leaf, done: month }
  const [actor, on] = [actorOf(event), dayOf(event)]
  if (phase !== "begun" || typeof month !== "string" || actor === null || !Array.isArray(leaves)) return undefined
  if (on === undefined || !/^\d{4}-\d{2}$/.test(month)) return undefined
  const ranges = leaves.filter(isRange)
  const inOrder = ranges.every(([from, to], at) => from <= to && from > (ranges[at - 1]?.[1] ?? -1))
  const counted = ranges.reduce((sum, [from, to]) => sum + to - from + 1, 0)
  const isWhole =
    ranges.length === leaves.length && inOrder && counted === event.n && (ranges.at(-1)?.[1] ?? leaf) < leaf
  return isWhole ? { leaf, month, events: event.n, ranges, actor, on } : undefined
}

const isRange = (value: unknown): value is [number, number] =>
  Array.isArray(value) && value.length === 2 && value.every((index) => Number.isSafeInteger(index) && index >= 0)

function said(detail: Hidden): Record<string, unknown> {
  if (!("value" in detail) || detail.value === null) return {}
  try {
    const value: unknown = JSON.parse(detail.value)
    return typeof value === "object" && value !== null ? { ...value } : {}
  } catch {
    return {}
  }
}
