import type { policy } from "@wardkeep/example-express-clinic"
import { type MatrixCell, matrixCell } from "@wardkeep/permissions"
import { matrix } from "./menu"

type Actor = (typeof policy.actors)[number]

/** A role's row of the matrix, its weights as one of the five colours. */
export function cellsOf({ kind, name }: Actor, tables: readonly string[]): (MatrixCell & { readonly table: string })[] {
  return tables.map((table) => {
    const cell = matrixCell(matrix, kind, name, table)
    return { ...cell, table, weight: Math.ceil(cell.weight * 4) }
  })
}
