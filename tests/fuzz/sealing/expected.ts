import { expect } from "vitest"
import type { FuzzReport } from "./run.ts"

/** What has to have happened, or the run proves nothing; writers go on until it has. */
export const happened = [
  "committed, read committed",
  "committed, repeatable read",
  "committed, serializable",
  "not committed, read committed",
  "not committed, repeatable read",
  "not committed, serializable",
  "prepared, read committed",
  "prepared, repeatable read",
  "prepared, serializable",
  "commit prepared",
  "rollback prepared",
  "prepared by one session, ended by another",
  "prepared before the sealer was killed, ended after",
  "committed, open over three checkpoints or more",
  "serialization failure",
  "session lost, aborted",
]

/** 0 lost, 0 doubled, 0 false alarms; and the run was one in which a worse sealer would have failed. */
export function expectSound(report: FuzzReport): void {
  const { difference, sealer, found, events } = report
  expect(difference).toEqual({
    lost: 0,
    doubled: 0,
    neverCommitted: 0,
    wrong: 0,
    outOfOrder: 0,
    misplaced: 0,
    examples: [],
  })
  expect(report.trees).toEqual([])
  expect(report.alarms).toEqual([])
  expect(report.kept.torn).toEqual([])
  expect(sealer.complaints).toEqual([])
  expect(report.verified).toBeGreaterThan(0)
  expect(report.kept.all.length).toBeGreaterThan(4)
  expect([...report.ended.keys()]).toEqual(expect.arrayContaining(happened))
  expect(found.snapshot).toBe(events)
  expect(found.number).toBeLessThan(events)
  expect(found.forgetful).toBeLessThan(events)
}
