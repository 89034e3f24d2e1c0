import { escapeMarkup } from "@wardkeep/core"
import { describeCondition } from "../condition/words.js"
import type { Matrix } from "../matrix/matrix.js"
import { columnHeads, legend, matrixCell, tableLabel } from "./letters.js"
import { style } from "./style.js"

export interface HtmlOptions {
  /** Shown above the table. */
  readonly title?: string
}

/**
 * The matrix as one HTML file without scripts or other files: darker is more, and each cell says what it is tied to. It
 * prints on paper.
 *
 * @example writeFileSync("matrix.html", matrixHtml(compileMatrix(policy)))
 */
export function matrixHtml(matrix: Matrix, { title = "Who may do what" }: HtmlOptions = {}): string {
  const { policy } = matrix
  const heads = columnHeads(policy)
  const rows = [...policy.tables.keys()].map((table) => {
    const cells = heads.map(({ kind, name }) => {
      const { text, weight, title: tied } = matrixCell(matrix, kind, name, table)
      if (text === "") return '<td class="w0"><span class="no">no</span></td>'
      return `<td class="w${Math.ceil(weight * 4)}" title="${escapeMarkup(tied)}">${escapeMarkup(text)}</td>`
    })
    return `<tr><th scope="row">${escapeMarkup(tableLabel(policy, table))}</th>${cells.join("")}</tr>`
  })
  const conditions = Object.entries(policy.conditions).map(
    ([name, condition]) => `<dt>${escapeMarkup(name)}</dt><dd>${escapeMarkup(describeCondition(condition))}</dd>`,
  )
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeMarkup(title)}</title>
<style>${style}</style>
</head>
<body>
<h1>${escapeMarkup(title)}</h1>
<p>${escapeMarkup(legend)}.</p>
<div class="scroll">
<table>
<thead><tr><td></td>${heads.map(({ shown }) => `<th scope="col"><span>${escapeMarkup(shown)}</span></th>`).join("")}</tr></thead>
<tbody>
${rows.join("\n")}
</tbody>
</table>
</div>
${conditions.length === 0 ? "" : `<h2>Conditions</h2>\n<dl>${conditions.join("\n")}</dl>`}
<p class="note">Inside the branches of the context only: what crosses branches is not in this table.</p>
</body>
</html>
`
}
