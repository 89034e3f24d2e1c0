/** The look of the HTML report: one column, system fonts, both colour schemes, and paper. No colour carries meaning alone. */
export const style = `
:root{color-scheme:light dark;--ink:#1c2430;--soft:#55606f;--line:#d8dde5;--page:#f5f6f8;--card:#fff;--code:#f1f3f6;
--leak:#a8181b;--leakbg:#fdeceb;--warn:#7a4d00;--warnbg:#fdf3dc;--good:#14603a;--goodbg:#e6f4ec}
@media (prefers-color-scheme:dark){:root{--ink:#e6e9ee;--soft:#a3adba;--line:#39424f;--page:#14181e;--card:#1d232b;
--code:#12161b;--leak:#ff9a94;--leakbg:#3a1d1d;--warn:#f0c36a;--warnbg:#352a14;--good:#86d6a6;--goodbg:#16301f}}
*{box-sizing:border-box}
body{margin:0;background:var(--page);color:var(--ink);font:16px/1.55 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif;
overflow-wrap:anywhere}
main{max-width:60rem;margin:0 auto;padding:2rem 1.25rem 4rem}
h1{font-size:1.05rem;font-weight:600;color:var(--soft);margin:0 0 1rem}
h2{font-size:1.3rem;line-height:1.3;margin:2.75rem 0 .5rem}
h3{font-size:1.05rem;line-height:1.4;margin:.6rem 0 .25rem}
p{margin:.4rem 0}
.lead{color:var(--soft);margin-bottom:1rem}
.verdict{border:1px solid currentColor;border-left-width:8px;border-radius:10px;padding:1.1rem 1.4rem 1.2rem}
.verdict b{display:block;font-size:2rem;line-height:1.2;letter-spacing:.01em}
.verdict p{color:var(--ink);font-size:1.15rem;margin:.35rem 0 0}
.verdict.LEAK,.tag.leak{color:var(--leak);background:var(--leakbg)}
.verdict.INCONCLUSIVE,.tag.oracle,.tag.hygiene,.tag.unsettled{color:var(--warn);background:var(--warnbg)}
.verdict.NOT_FOUND{color:var(--good);background:var(--goodbg)}
.facts{display:grid;grid-template-columns:repeat(3,1fr);gap:.9rem 1.5rem;margin:1.4rem 0 1rem}
.facts div{min-width:0}
dt,.label{color:var(--soft);font-size:.8rem;font-weight:600;margin:0}
dd{margin:0}
article{background:var(--card);border:1px solid var(--line);border-radius:10px;padding:1rem 1.25rem 1.2rem;margin:1rem 0}
.tag{display:inline-block;border-radius:99px;padding:.1rem .7rem;font-size:.85rem;font-weight:650;border:1px solid currentColor}
.where{color:var(--soft);font-size:.9rem}
.part{margin-top:.9rem}
code,pre{font:.86rem/1.5 ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace}
pre{background:var(--code);border:1px solid var(--line);border-radius:6px;padding:.7rem .85rem;margin:.25rem 0 0;
white-space:pre-wrap;overflow-wrap:anywhere;tab-size:2}
table{border-collapse:collapse;width:100%;background:var(--card);border:1px solid var(--line);font-size:.93rem}
th,td{text-align:left;vertical-align:top;padding:.5rem .7rem;border-top:1px solid var(--line)}
thead th{border-top:0;color:var(--soft);font-size:.8rem;white-space:nowrap}
td.n,th.n{text-align:right;font-variant-numeric:tabular-nums}
td small{display:block;color:var(--soft);font-size:.88rem}
td.id,td.n{white-space:nowrap}
td.result{min-width:9rem}
tr.LEAK td.result,tr.INCONCLUSIVE td.result{font-weight:650}
td.result small{font-weight:400}
ul{padding-left:1.2rem;margin:.5rem 0}
li{margin:.3rem 0}
footer{margin-top:3rem;border-top:1px solid var(--line);padding-top:1rem;color:var(--soft);font-size:.86rem}
@media (max-width:40rem){
main{padding:1.25rem .9rem 3rem}
.verdict b{font-size:1.6rem}
.facts{grid-template-columns:repeat(2,1fr)}
thead{display:none}
table,tbody,tr,td{display:block}
tr{border-top:1px solid var(--line);padding:.5rem .2rem}
tbody tr:first-child{border-top:0}
td{border:0;padding:.1rem .6rem}
td.id{color:var(--soft);font-size:.85rem}
td.n{display:inline-block;text-align:left;color:var(--soft);font-size:.85rem;padding-right:0}
td.n::after{content:" " attr(data-unit)}
}
@media print{
:root{--ink:#000;--soft:#444;--line:#bbb;--page:#fff;--card:#fff;--code:#fff;--leak:#a8181b;--warn:#6a4300;--good:#14603a;
--leakbg:#fff;--warnbg:#fff;--goodbg:#fff}
html{font-size:9.5pt}
body{font-size:1rem}
main{max-width:none;padding:0}
h2,h3,.label,.lead,.tag{break-after:avoid}
.part,li,tr,.verdict,.facts{break-inside:avoid}
@page{margin:18mm 16mm}
}
`
