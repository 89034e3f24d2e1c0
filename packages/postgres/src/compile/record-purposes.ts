import { type Policy, quoteLiteral, WardkeepError, wallOf } from "@wardkeep/core"
import type { Queryable } from "../database/queryable.js"
import type { Step } from "./step.js"

interface PurposeRow {
  readonly name: string
  readonly wall: string
  readonly children: string
  readonly bit: number
  readonly in_force: boolean
}

const bits = { none: [0, 0], objection: [1, 31], consent: [32, 62] } as const

/**
 * The purposes as the wall knows them. A bit is never given to another purpose: rows may still have it. In the first phase,
 * so that rows are compared with the ledger by the purposes that come into force.
 *
 * @throws WK001 more purposes than there are bits
 */
export async function recordPurposes(client: Queryable, policy: Policy): Promise<Step[]> {
  const { rows } = await client.query<PurposeRow>(
    "select name, wall, children, bit, in_force from wardkeep.policy_purpose order by name, wall",
  )
  if (policy.consent === null && rows.length === 0) return []
  const taken = new Set(rows.map(({ bit }) => bit))
  const wanted = [...policy.purposes].map(([name, rule]): PurposeRow => {
    const wall = (policy.consent === null ? null : wallOf(rule)) ?? "none"
    const known = rows.find((row) => row.name === name && row.wall === wall)
    const bit = known?.bit ?? freeBit(wall, taken)
    taken.add(bit)
    return { name, wall, children: rule.children ?? "parent", bit, in_force: true }
  })
  const isSame = (a: PurposeRow, b: PurposeRow): boolean => a.name === b.name && a.wall === b.wall
  const left = rows.filter((row) => row.in_force && !wanted.some((want) => isSame(want, row)))
  const changed = wanted.filter(
    (want) => !rows.some((row) => isSame(row, want) && row.in_force && row.children === want.children),
  )
  if (left.length + changed.length === 0) return []
  const text = ({ name, wall }: PurposeRow): string => `(${quoteLiteral(name)}, ${quoteLiteral(wall)})`
  const sql = [
    ...(left.length === 0
      ? []
      : [`update wardkeep.policy_purpose set in_force = false where (name, wall) in (${left.map(text).join(", ")})`]),
    ...changed.map(
      ({ name, wall, children, bit }) =>
        `insert into wardkeep.policy_purpose (name, wall, children, bit, in_force) values (${quoteLiteral(name)}, ${quoteLiteral(wall)}, ${quoteLiteral(children)}, ${bit}, true)
  on conflict (name, wall) do update set children = excluded.children, in_force = true`,
    ),
  ].join(";\n")
  const why = "what each purpose waits for before it reaches a person"
  return [{ phase: "structure", object: "wardkeep.policy_purpose", why, sql }]
}

function freeBit(wall: keyof typeof bits, taken: ReadonlySet<number>): number {
  const [first, last] = bits[wall]
  if (wall === "none") return first
  for (let bit = first; bit <= last; bit++) if (!taken.has(bit)) return bit
  throw new WardkeepError("WK001", {
    message: `purposes: at most ${last - first + 1} purposes with the wall ${wall}, those of earlier policies counted`,
  })
}
