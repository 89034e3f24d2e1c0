import type { Matrix } from "../matrix/matrix.js"
import { columnHeads, legend, matrixCell, tableLabel } from "./letters.js"

/**
 * The matrix as text: a line per table, a column per role. Plain characters, no colour; wide matrices are wide.
 *
 * @example console.log(matrixText(compileMatrix(policy)))
 */
export function matrixText(matrix: Matrix): string {
  const { policy } = matrix
  const heads = columnHeads(policy)
  const lines = [
    ["", ...heads.map(({ shown }) => shown)],
    ...[...policy.tables.keys()].map((table) => [
      tableLabel(policy, table),
      ...heads.map(({ kind, name }) => matrixCell(matrix, kind, name, table).text || "."),
    ]),
  ]
  const widths = lines[0]?.map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0))) ?? []
  const text = lines.map((line) =>
    line
      .map((field, column) => field.padEnd(widths[column] ?? 0))
      .join("  ")
      .trimEnd(),
  )
  return `${text.join("\n")}\n\n${legend}\n`
}
