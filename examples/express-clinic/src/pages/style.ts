/** The one style sheet of the pages: the reader's own fonts, light or dark as the device asks, readable at 320 pixels. */
export const style = `
:root { color-scheme: light dark; --ground: #f6f7f5; --card: #fff; --ink: #1b2420; --soft: #4d5a54; --line: #c3ccc6;
  --accent: #0a5f4b; --on-accent: #fff; --bad: #9a2115; --bad-ground: #fdeeea; --good-ground: #e5f3ec; --focus: #0b57d0; }
@media (prefers-color-scheme: dark) { :root { --ground: #121715; --card: #1b2220; --ink: #e9efec; --soft: #b3bfb9; --line: #44524c;
  --accent: #7fd4b6; --on-accent: #06281f; --bad: #ffb4a6; --bad-ground: #3a1c17; --good-ground: #17342a; --focus: #a8c7fa; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--ground); color: var(--ink); font: 1.0625rem/1.6 system-ui, "Noto Sans", "Noto Sans Devanagari", "Noto Sans Tamil", sans-serif; overflow-wrap: anywhere; }
:lang(ur) { font-family: "Noto Nastaliq Urdu", "Noto Naskh Arabic", "Noto Sans Arabic", system-ui, sans-serif; line-height: 1.9; }
:lang(en) { font-family: system-ui, "Noto Sans", sans-serif; }
header { background: var(--card); border-block-end: 1px solid var(--line); padding: .75rem 1rem; display: flex; flex-wrap: wrap; gap: .25rem 1.5rem; align-items: center; justify-content: space-between; }
header > * { max-inline-size: 100%; }
.brand { margin: 0; font-weight: 700; color: var(--accent); font-size: 1.125rem; }
header ul { list-style: none; margin: 0; padding: 0; display: flex; flex-wrap: wrap; gap: 0 1rem; }
nav { display: flex; flex-wrap: wrap; gap: 0 1.5rem; inline-size: 100%; justify-content: space-between; align-items: center; }
header a, button.plain { color: var(--ink); text-decoration: none; background: none; border: 0; padding: .5rem 0; font: inherit; font-weight: 400; min-block-size: 2.75rem; display: inline-flex; align-items: center; inline-size: auto; cursor: pointer; border-block-end: 3px solid transparent; border-radius: 0; }
header a:hover, button.plain:hover { text-decoration: underline; }
header [aria-current] { font-weight: 700; border-block-end-color: var(--accent); }
main { max-inline-size: 44rem; margin: 0 auto; padding: 1.25rem 1rem 4rem; }
main:focus { outline: none; }
h1 { font-size: 1.625rem; line-height: 1.35; margin: .5rem 0 1rem; }
h2 { font-size: 1.25rem; line-height: 1.4; margin: 0 0 .5rem; }
h3 { font-size: 1.0625rem; margin: 1rem 0 .25rem; }
:is(h1, h2, h3):lang(ur) { line-height: 1.9; }
p { margin: 0 0 .75rem; }
.card { background: var(--card); border: 1px solid var(--line); border-radius: .75rem; padding: 1.25rem; margin-block-end: 1rem; }
summary { cursor: pointer; min-block-size: 2.75rem; align-content: center; } summary h2 { display: inline; margin: 0; }
.answers legend { position: absolute; inline-size: 1px; block-size: 1px; overflow: hidden; clip-path: inset(50%); }
.answers fieldset { margin: 0; position: relative; }
.notice { margin-block: .75rem; white-space: pre-line; }
.small, .hint { color: var(--soft); font-size: .9375rem; }
.hint, .fault { margin: 0 0 .25rem; }
.fault { color: var(--bad); font-weight: 600; }
fieldset { border: 0; margin: 0 0 1rem; padding: 0; min-inline-size: 0; }
legend, .field label { font-weight: 600; padding: 0; display: block; margin-block-end: .25rem; }
.choice { display: flex; gap: .75rem; align-items: center; min-block-size: 2.75rem; padding: .375rem .75rem; border: 1px solid var(--line); border-radius: .5rem; margin-block-end: .5rem; cursor: pointer; }
.choice:has(:checked) { border-color: var(--accent); box-shadow: inset 0 0 0 1px var(--accent); }
input[type=radio] { inline-size: 1.25rem; block-size: 1.25rem; margin: 0; flex: none; accent-color: var(--accent); }
.pair { display: grid; grid-template-columns: repeat(auto-fit, minmax(12rem, 1fr)); gap: 0 .75rem; }
.field { margin-block-end: 1rem; }
input:not([type=radio]), textarea, select { inline-size: 100%; font: inherit; color: inherit; background: var(--ground); border: 1px solid var(--soft); border-radius: .5rem; padding: .5rem .75rem; min-block-size: 2.75rem; }
[aria-invalid] { border-color: var(--bad) !important; border-width: 2px !important; }
button, .button { font: inherit; font-weight: 600; min-block-size: 2.75rem; padding: .5rem 1.5rem; border-radius: .5rem; border: 2px solid var(--accent); background: var(--accent); color: var(--on-accent); cursor: pointer; }
button.second { background: transparent; color: var(--accent); }
button.first { position: absolute; inline-size: 1px; block-size: 1px; min-block-size: 0; padding: 0; border: 0; overflow: hidden; clip-path: inset(50%); }
:focus-visible { outline: 3px solid var(--focus); outline-offset: 2px; }
.skip { position: absolute; inset-inline-start: -100vw; background: var(--card); color: var(--ink); padding: .75rem 1rem; z-index: 1; }
.skip:focus { inset-inline-start: 0; }
.said, .warned { border-radius: .75rem; padding: 1rem 1.25rem; margin-block-end: 1rem; border-inline-start: .375rem solid var(--accent); background: var(--good-ground); scroll-margin-block-start: 1rem; }
.warned { background: var(--bad-ground); border-color: var(--bad); }
:is(.said, .warned) p { margin: 0; }
.state { display: flex; flex-wrap: wrap; gap: .25rem .75rem; align-items: baseline; margin-block-end: .75rem; }
.tag { border: 1px solid currentColor; border-radius: 1rem; padding: 0 .75rem; font-size: .9375rem; font-weight: 600; }
.tag.yes { color: var(--accent); } .tag.bad { color: var(--bad); }
main a { color: var(--accent); text-underline-offset: .15em; }
.list { list-style: none; margin: 0; padding: 0; }
.list > li { border-block-start: 1px solid var(--line); padding-block: .75rem; }
.list > li:first-child { border-block-start: 0; padding-block-start: 0; }
.list > li:last-child { padding-block-end: 0; }
.row { display: flex; flex-wrap: wrap; gap: .25rem 1rem; justify-content: space-between; align-items: baseline; }
.steps { margin: .5rem 0 0; padding-inline-start: 1.25rem; }
dl { margin: 0; display: grid; grid-template-columns: minmax(8rem, auto) 1fr; gap: .25rem 1rem; }
dt { color: var(--soft); } dd { margin: 0; }
code { font-size: .875rem; }
.actions { display: flex; flex-wrap: wrap; gap: .75rem; }
`
