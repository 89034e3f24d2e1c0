/** Of the heat map. Every pair of text and ground has a contrast of at least 4.5 : 1. */
export const style = `
:root { color-scheme: light; font: 15px/1.5 system-ui, sans-serif; color: #17212b; background: #fff; }
body { margin: 2rem auto; padding: 0 1.5rem; max-width: 80rem; }
h1 { font-size: 1.5rem; margin: 0 0 .25rem; }
h2 { font-size: 1.1rem; margin: 2rem 0 .5rem; }
p { margin: .25rem 0 1rem; max-width: 60rem; color: #44525f; }
.scroll { overflow-x: auto; }
table { border-collapse: separate; border-spacing: 2px; }
th { font-weight: 600; text-align: left; white-space: nowrap; padding: .3rem .6rem .3rem 0; }
tbody th { position: sticky; left: 0; background: #fff; }
thead th { vertical-align: bottom; text-align: center; padding: 0; height: 8.5rem; }
thead span { display: inline-block; writing-mode: vertical-rl; transform: rotate(180deg); padding: .4rem 0; }
tbody td { min-width: 3.6rem; padding: .3rem .4rem; text-align: center; border-radius: 3px;
  font: 600 13px/1.4 ui-monospace, Menlo, Consolas, monospace; }
.w0 { background: #f3f5f7; } .w1 { background: #d5e8f5; } .w2 { background: #9fcbe8; }
.w3 { background: #2f78a8; color: #fff; } .w4 { background: #0e4a73; color: #fff; }
.no { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .25rem 1rem; }
dt { font: 600 13px/1.6 ui-monospace, Menlo, Consolas, monospace; } dd { margin: 0; }
.note { margin-top: 2rem; font-size: .9rem; }
@media print { body { margin: 0; max-width: none; } td { print-color-adjust: exact; -webkit-print-color-adjust: exact; } }
`
