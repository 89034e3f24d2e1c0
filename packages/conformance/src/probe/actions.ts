import { z } from "zod"
import { readRows } from "../catalog/catalog.js"
import type { Scene } from "../run/check.js"

const action = z.object({ relation: z.string(), schema: z.string(), name: z.string(), source: z.string() })

/** A trigger's function, or a rule, of one table. */
export type Action = z.output<typeof action>

export async function actionsOf({ reader, catalog }: Scene): Promise<Action[]> {
  return await readRows(reader, "triggers.sql", action, [catalog.relations.map(({ oid }) => oid)])
}

/** Without its owner's rights it does what the attacker's own statements do, and those are tried. */
export const isDefiner = ({ source }: Action): boolean =>
  source.startsWith("CREATE RULE") || /\bSECURITY DEFINER\b/.test(source.slice(0, source.search(/^AS /m)))
