/** The look: one column, system fonts, both colour schemes. No colour carries meaning alone. */
export const style = `
:root{color-scheme:light dark;--ink:#1c2430;--soft:#55606f;--line:#717b8a;--page:#f5f6f8;--card:#fff;--act:#0b4f8a;--on:#fff;
--bad:#a8181b;--badbg:#fdeceb;--good:#14603a;--goodbg:#e6f4ec}
@media (prefers-color-scheme:dark){:root{--ink:#e6e9ee;--soft:#a3adba;--line:#7d8897;--page:#14181e;--card:#1d232b;
--act:#8cc4f5;--on:#14181e;--bad:#ff9a94;--badbg:#3a1d1d;--good:#86d6a6;--goodbg:#16301f}}
*{box-sizing:border-box}
body{margin:0;background:var(--page);color:var(--ink);font:16px/1.55 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif;
overflow-wrap:anywhere}
main{max-width:44rem;margin:0 auto;padding:1.5rem 1rem 4rem}
h1{font-size:1.5rem;line-height:1.25;margin:0 0 .5rem}
h2{font-size:1.6rem;line-height:1.2;margin:0}
label{display:block;font-weight:650;margin-top:1.2rem}
.hint{color:var(--soft);font-size:.93rem;margin:.1rem 0 .4rem}
input,textarea{width:100%;font:inherit;color:inherit;background:var(--card);border:1px solid var(--line);border-radius:6px;padding:.6rem}
textarea{font:.86rem/1.45 ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace;min-height:6rem;resize:vertical}
button{font:inherit;font-weight:650;color:var(--on);background:var(--act);border:0;border-radius:6px;padding:.7rem 1.6rem;margin:1.4rem 0 0;
min-height:2.75rem}
button:disabled{opacity:.6}
:focus-visible{outline:3px solid var(--act);outline-offset:2px}
progress{display:block;width:100%;margin:.6rem 0;accent-color:var(--act)}
[hidden]{display:none}
#told{color:var(--soft);min-height:1.55rem;margin:.8rem 0 0}
#result:not(:empty){border:1px solid currentColor;border-left-width:8px;border-radius:10px;padding:1rem 1.2rem;margin-top:.6rem}
#result.good{color:var(--good);background:var(--goodbg)}
#result.bad{color:var(--bad);background:var(--badbg)}
#result p,#result li{color:var(--ink)}
#result ul{padding-left:1.2rem}
#result ul:empty{display:none}
#result li p{margin:.1rem 0}
footer{color:var(--soft);font-size:.9rem;margin-top:2.5rem}
`

/** The page around the script; its policy lets it load nothing and send nothing, whatever a bundle contains. */
export function shell(script: string, hashes: { readonly script: string; readonly style: string }): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; script-src 'sha256-${hashes.script}'; style-src 'sha256-${hashes.style}'; base-uri 'none'; form-action 'none'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<title>Verify a bundle of an audit log</title>
<style>${style}</style>
</head>
<body>
<main>
<h1>Is this audit log what was sealed?</h1>
<p>Choose the bundle that you were given. It is verified here, in this browser: nothing is loaded and nothing is sent.</p>
<form id="form">
<label for="bundle">Bundle</label>
<p class="hint" id="bundle-hint">A .wkbundle file. You can also drop it anywhere on this page.</p>
<input type="file" id="bundle" aria-describedby="bundle-hint">
<label for="keys">Public keys</label>
<p class="hint" id="keys-hint">As PEM, from somebody you trust. Never from whoever gave you the bundle.</p>
<textarea id="keys" spellcheck="false" autocomplete="off" aria-describedby="keys-hint"></textarea>
<label for="anchors">Checkpoints kept elsewhere</label>
<p class="hint" id="anchors-hint">One after the other, each whole. Without any, whoever holds the key could have rewritten everything.</p>
<textarea id="anchors" spellcheck="false" autocomplete="off" aria-describedby="anchors-hint"></textarea>
<label for="witnesses">Keys of witnesses</label>
<p class="hint" id="witnesses-hint">If the checkpoints are cosigned: name+id+key, one on each line.</p>
<textarea id="witnesses" spellcheck="false" autocomplete="off" aria-describedby="witnesses-hint"></textarea>
<button id="go">Verify</button>
</form>
<p id="told" role="status"></p>
<progress id="progress" max="1" value="0" aria-label="How much is verified" hidden></progress>
<section id="result" tabindex="-1" aria-label="Result"></section>
<footer>This page shares no code with the program that wrote the bundle. Compare its SHA-256 with the one that its maker publishes.</footer>
</main>
<script>${script}</script>
</body>
</html>
`
}
