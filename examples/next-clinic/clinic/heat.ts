import type { policy } from "@wardkeep/example-express-clinic"
import { matrix } from "./menu"

type Actor = (typeof policy.actors)[number]

const letters = {
  create: "c",
  read: "r",
  update: "u",
  delete: "d",
  download: "w",
  print: "p",
  export: "e",
  share: "s",
} as const
const actions = Object.keys(letters) as (keyof typeof letters)[]

export interface HeatCell {
  readonly table: string
  /** `CR*u`: capitals always, small letters tied to something, `*` some columns only. */
  readonly text: string
  /** From 0 to 4: four actions without ties are all of it. */
  readonly weight: number
}

/** A role's row of the matrix. */
export function cellsOf({ kind, name, can }: Actor, tables: readonly string[]): HeatCell[] {
  const role = matrix.role(name, kind)
  return tables.map((table) => {
    let [text, weight] = ["", 0]
    for (const action of actions) {
      const rule = can.get(table)?.rules[action]
      const cell = matrix.cell(table, action)
      if (rule === undefined || !matrix.could(role, cell)) continue
      const always = matrix.can(role, cell)
      text += (always ? letters[action].toUpperCase() : letters[action]) + (rule.columns === "all" ? "" : "*")
      weight += always ? 1 : 0.5
    }
    return { table, text, weight: Math.min(4, Math.ceil(weight)) }
  })
}
