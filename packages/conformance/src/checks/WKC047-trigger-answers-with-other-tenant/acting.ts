import { z } from "zod"
import { readRows } from "../../catalog/catalog.js"
import { actionsOf, isDefiner } from "../../probe/actions.js"
import type { Scene } from "../../run/check.js"

const checkRow = z.object({
  relation: z.string(),
  constraint: z.string(),
  schema: z.string(),
  name: z.string(),
  source: z.string(),
  definer: z.boolean(),
  columns: z.array(z.string()),
})

/** What PostgreSQL runs when a row of the table is written. */
export interface Acting {
  readonly relation: string
  readonly schema: string
  readonly name: string
  readonly source: string
  /** With its owner's rights, for whom other policies hold, or none. */
  readonly definer: boolean
  /** Of a CHECK: its name and its columns. */
  readonly constraint?: string
  readonly columns?: readonly string[]
}

/** Triggers, rules, and functions that CHECK constraints call. */
export async function actingOn(scene: Scene): Promise<Acting[]> {
  const { reader, catalog } = scene
  const checks = await readRows(reader, "check-functions.sql", checkRow, [catalog.relations.map(({ oid }) => oid)])
  const triggers = await actionsOf(scene)
  return [...triggers.map((one) => ({ ...one, definer: isDefiner(one) })), ...checks]
}
