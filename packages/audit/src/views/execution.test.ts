import type { ObservedCall } from "@wardkeep/postgres/client"
import type pg from "pg"
import { expect, it } from "vitest"
import type { TableView } from "./analysis.js"
import { Execution, type Recording, type Seen } from "./execution.js"

const fields = [{ name: "id" }] as pg.FieldDef[]
const patients: TableView = {
  relation: "public.patient",
  groups: [],
  subjects: [0],
  alone: true,
  nullable: false,
  key: undefined,
  source: "exact",
  strict: [],
}
const no = (): never => {
  throw new Error("not asked here")
}
const ask = { query: no, plan: no, describe: no }

/** What is recorded of one row where these positions were kept while it came. */
async function recordedWhere(positions: readonly number[]): Promise<Seen[]> {
  const recorded: Seen[] = []
  const recording: Recording = {
    tables: new Map(),
    mapOf: no,
    originsOf: () => [],
    analysis: () => Promise.resolve({ views: [patients], carried: false, hidden: false }),
    positionsOf: () => positions,
    learn: () => undefined,
    wide: () => undefined,
    ownText: () => undefined,
    leaves: () => undefined,
    expectsNothing: () => false,
    forget: no,
    record: async (_, seen) => void recorded.push(...seen),
  }
  const call = { text: "select id from patient", uncommitted: false } as ObservedCall
  const execution = new Execution(recording, call, "key")
  execution.row(fields, ["p-1"])
  await execution.release(fields, ask)
  return recorded
}

it("rows of which nothing was kept while they came are of nobody in particular, and not of exactly nobody", async () => {
  expect(await recordedWhere([0])).toEqual([{ view: patients, subjects: ["p-1"], complete: true }])
  expect(await recordedWhere([])).toEqual([{ view: patients, subjects: [], complete: false }])
})
