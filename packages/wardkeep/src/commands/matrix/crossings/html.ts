import { escapeMarkup } from "@wardkeep/core"
import type { Crossings } from "./crossings.js"
import type { Section } from "./declared.js"

/** One page without scripts or other files, for a screen and for paper. */
export function crossingsHtml({ at, tenant, sections, nothingElse, outside }: Crossings, title: string): string {
  const filled = sections.filter(({ crossings }) => crossings.length > 0)
  const empty = sections.filter(({ crossings }) => crossings.length === 0)
  const verdict = nothingElse.holds ? "holds" : "open"
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
<p>${tenant === null ? "All clinics" : `Clinic <code>${escapeMarkup(tenant)}</code>`}, as of ${escapeMarkup(at.slice(0, 16).replace("T", " "))} UTC.</p>
<div class="verdict ${verdict}"><p>${escapeMarkup(nothingElse.text).replace(/`([^`]+)`/g, "<code>$1</code>")}</p>${bullets(nothingElse.reasons)}</div>
${filled.map(sectionHtml).join("\n")}
<h2>Declared or held by nobody</h2>
<p>${escapeMarkup(empty.map(({ title: one }) => one).join("; ") || "None of the headings above is empty")}.</p>
<h2>Outside of what policies decide</h2>
${bullets(outside)}
</body>
</html>
`
}

function sectionHtml({ title, explained, crossings }: Section): string {
  const rows = crossings.map(
    ({ what, who, limits }) =>
      `<tr><th scope="row">${escapeMarkup(what)}</th><td>${escapeMarkup(who)}</td><td>${escapeMarkup(limits)}</td></tr>`,
  )
  return `<h2>${escapeMarkup(title)}</h2>
<p>${escapeMarkup(explained)}</p>
<table>
<thead><tr><th scope="col">What</th><th scope="col">Who</th><th scope="col">How far</th></tr></thead>
<tbody>
${rows.join("\n")}
</tbody>
</table>`
}

function bullets(lines: readonly string[]): string {
  return lines.length === 0 ? "" : `<ul>${lines.map((line) => `<li>${escapeMarkup(line)}</li>`).join("")}</ul>`
}

/** Every pair of text and ground has a contrast of at least 4.5 : 1. */
const style = `
:root { color-scheme: light; font: 15px/1.5 system-ui, sans-serif; color: #17212b; background: #fff; }
body { margin: 2rem auto; padding: 0 1.5rem; max-width: 60rem; overflow-wrap: anywhere; }
h1 { font-size: 1.5rem; margin: 0 0 .25rem; }
h2 { font-size: 1.1rem; margin: 1.75rem 0 .25rem; break-after: avoid; }
p { margin: .25rem 0 .6rem; color: #44525f; }
code { font: 13px/1.4 ui-monospace, Menlo, Consolas, monospace; }
table { border-collapse: collapse; width: 100%; table-layout: fixed; }
th, td { text-align: left; vertical-align: top; padding: .35rem .75rem .35rem 0; border-top: 1px solid #d5dde4; font-size: 14px; }
th[scope="row"] { font-weight: 600; } thead th { border-top: 0; color: #44525f; font-size: 12px; }
tr { break-inside: avoid; }
ul { margin: .25rem 0; padding-left: 1.2rem; }
.verdict { border-left: 4px solid; padding: .5rem 1rem; margin: 1rem 0; }
.verdict p { color: inherit; margin: 0; }
.holds { border-color: #1c6e3d; background: #eef7f1; color: #14492a; } .open { border-color: #9a3412; background: #fdf3ec; color: #6b240d; }
@media print { body { margin: 0; max-width: none; } .verdict { print-color-adjust: exact; -webkit-print-color-adjust: exact; } }
`
