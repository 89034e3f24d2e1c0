import { expect, it } from "vitest"
import { Gaps } from "./dropped.js"
import { eventLeaf, type Hidden, type OpenEvent } from "./hashing.js"
import type { ShownLeaf } from "./log.js"

const said = (value: string | null): Hidden => ({ salt: Buffer.alloc(32).toString("base64"), value })

function shown(index: number, day: string, over: Partial<OpenEvent> = {}): ShownLeaf {
  const event: OpenEvent = {
    xid: "1",
    id: String(index),
    at_us: String(Date.parse(day) * 1000),
    tenant: "clinic",
    branch: null,
    role: "doctor",
    purpose: "care",
    session: null,
    request: null,
    verb: "update",
    relation: "public.patient",
    groups: [],
    n: 1,
    actor: said("asha"),
    record: said(null),
    subject: said(null),
    detail: said(null),
    ...over,
  }
  return { index, hash: eventLeaf(event), event }
}

const act = (index: number, month: string): ShownLeaf =>
  shown(index, "2027-01-01", {
    role: "owner",
    verb: "retention",
    relation: "wardkeep_audit.event",
    detail: said(JSON.stringify({ phase: "begun", month, reason: "over", leaves: [[1, 1]] })),
  })

it.each([
  { month: "2025-05", deleted: [3] },
  { month: "2025-09", deleted: [1, 3] },
])("compares a gap with the nearest events that are shown, past withheld ones and other gaps ($month)", (asked) => {
  // Nobody sealed from May to October.
  const gaps = new Gaps(() => ({ since: Date.parse("2025-05-01"), at: Date.parse("2025-10-01") }))
  const hidden = (index: number): ShownLeaf => ({ index, hash: Buffer.alloc(32) })
  const gone = (index: number): ShownLeaf => ({ ...hidden(index), gone: true })
  for (const leaf of [shown(0, "2025-04-20"), gone(1), hidden(2), gone(3), shown(4, "2025-06-05"), act(5, asked.month)])
    gaps.see(leaf)
  expect([...gaps.settle().deleted]).toEqual(asked.deleted)
})
