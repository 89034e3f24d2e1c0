import { quoteIdent } from "@wardkeep/core"
import { quoted } from "../../catalog/relation.js"
import { aims } from "../../probe/aim.js"
import { sparing } from "../../probe/blind.js"
import type { Ground } from "../../probe/ground.js"
import { insertStatement, literalOf } from "../../probe/insertion.js"
import { ownRow } from "../../probe/natural-key.js"
import { isTried, mergeFrom, onBoth, plans, prepared, type Way } from "../../probe/way.js"

/** The same assignment with keys that nobody has, of one row and of every row. */
export interface Renumbered {
  readonly one: string | undefined
  readonly each: string | undefined
}

interface MoveWay extends Way {
  readonly attack: (move: Move) => string | undefined
  readonly free: keyof Renumbered
}

/** An assignment, and which rows it is for. */
interface Move {
  readonly ground: Ground
  readonly set: string
  readonly where: string
}

const updating = ({ ground: { relation }, set }: Move): string => `update ${quoted(relation)} as wk_row set ${set}`
const aimedUpdate = (move: Move): string => `${updating(move)} where ${move.where}`

/** Statements that give a row another tenant. */
export const moveWays: readonly MoveWay[] = [
  { statement: "UPDATE of the tenant", given: "", on: onBoth, free: "one", attack: aimedUpdate },
  {
    statement: "UPDATE of the tenant",
    given: "blind (without WHERE)",
    on: onBoth,
    free: "each",
    attack: (move) => `${updating(move)}${sparing(move.ground.relation)}`,
  },
  ...plans.map(
    (plan): MoveWay => ({
      statement: "UPDATE of the tenant",
      given: `prepared, ${plan} plan`,
      on: onBoth,
      free: "one",
      attack: (move) => prepared(plan, aimedUpdate(move)),
    }),
  ),
  {
    statement: "UPDATE of the tenant",
    given: "WHERE CURRENT OF a cursor",
    on: ["tables"],
    free: "one",
    attack: ({ ground: { relation }, set, where }) =>
      [
        `declare wk_rows cursor for select from ${quoted(relation)} as wk_row where ${where} for update`,
        "fetch wk_rows",
        `update ${quoted(relation)} as wk_row set ${set} where current of wk_rows`,
      ].join(";\n"),
  },
  {
    statement: "MERGE … WHEN MATCHED THEN UPDATE of the tenant",
    given: "",
    on: onBoth,
    from: mergeFrom,
    free: "one",
    attack: ({ ground: { relation }, set, where }) =>
      `merge into ${quoted(relation)} as wk_row using (select 1) as s on ${where} when matched then update set ${set}`,
  },
  {
    statement: "INSERT … ON CONFLICT DO UPDATE of the tenant",
    given: "",
    on: ["tables"],
    free: "one",
    attack: upserting,
  },
]

export const nameOf = ({ statement, given }: Way): string => `${statement}${given === "" ? "" : `, ${given},`}`

/** Every attack for one assignment, in turn. */
export function attacksFor(
  ground: Ground,
  set: string,
  again: Renumbered,
): { readonly way: Way; readonly attack: string; readonly withFreeKey: string | undefined }[] {
  const { relation, attacker, mine, scene } = ground
  const where = aims(relation, attacker, mine)[0] ?? "true"
  return moveWays
    .filter((way) => isTried(way, relation, scene.serverVersion))
    .flatMap((way) => {
      const attack = way.attack({ ground, set, where })
      return attack === undefined ? [] : [{ way, attack, withFreeKey: again[way.free] }]
    })
}

/** The attacker's own row again, whose key conflicts: it is moved by the branch that updates it. */
function upserting({ ground, set }: Move): string | undefined {
  const { relation, rights, mine } = ground
  const [own] = mine.rows
  const key = relation.keys.find(({ kind, hasExpression }) => (kind === "p" || kind === "u") && !hasExpression)
  if (own === undefined || key === undefined) return undefined
  const values = Object.fromEntries(key.columns.map((name) => [name, literalOf(relation, name, own)]))
  const suffix = ` on conflict (${key.columns.map(quoteIdent).join(", ")}) do update set ${set}`
  return insertStatement({ relation, rights, like: ownRow(ground), set: values, suffix })
}
