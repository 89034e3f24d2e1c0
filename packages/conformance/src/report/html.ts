import { createHash } from "node:crypto"
import { cvssScore } from "./cvss.js"
import { escapeHtml, html, type Safe } from "./markup.js"
import type { CheckResult, Report, ReportFinding } from "./report.js"
import { reportHash } from "./signature.js"
import { style } from "./style.js"
import * as words from "./words.js"

/**
 * One file for somebody who does not read SQL: verdict, what was found, what was tried, what was not. It loads nothing
 * and runs nothing, and its policy forbids the browser to, whatever a name in the report contains.
 */
export function htmlReport(report: Report): string {
  const allowed = createHash("sha256").update(style).digest("base64")
  const title = `Isolation report: ${words.verdictWord(report)}, ${words.serverName(report)}`
  const sections = [
    verdict(report),
    findings(report),
    acceptedFindings(report),
    problems(report),
    tried(report),
    killRate(report),
    notTried(report),
    reading(),
    footer(report),
  ]
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'sha256-${allowed}'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<title>${escapeHtml(title)}</title>
<style>${style}</style>
</head>
<body>
<main>
${sections
  .map(({ markup }) => markup)
  .filter((markup) => markup !== "")
  .join("\n")}
</main>
</body>
</html>
`
}

function verdict(report: Report): Safe {
  const fact = (name: string, value: string): Safe => html`<div><dt>${name}</dt><dd>${value}</dd></div>`
  return html`<h1>Is the data of one clinic or branch kept from another?</h1>
<div class="verdict ${report.verdict}"><b>${words.verdictWord(report)}</b><p>${words.headline(report)}</p></div>
<dl class="facts">${[
    fact("Tested", words.serverName(report)),
    fact("When", `${report.startedAt.slice(0, 16).replace("T", " ")} UTC`),
    fact("Took", words.duration(report.seconds)),
    fact("Attempts", String(report.probes)),
    fact("Findings", words.tally(words.open(report))),
    fact("Tool", `wardkeep ${report.tool.version}`),
  ]}</dl>
<p class="lead">Mode ${words.modeWords[report.mode]}.</p>`
}

function findings(report: Report): Safe {
  const open = words.open(report)
  if (open.length === 0) return html``
  return html`<section><h2>What was found</h2>${open.map(findingCard)}</section>`
}

function findingCard(finding: ReportFinding): Safe {
  const settled = finding.verdict === "LEAK"
  const { title, means } = words.severityWords[finding.severity]
  const score = cvssScore(finding.cvss)
  const rating =
    score === undefined ? html`` : html` · CVSS ${score.score.toFixed(1)} ${score.rating} <code>${finding.cvss}</code>`
  return html`<article>
<span class="tag ${settled ? finding.severity : "unsettled"}">${settled ? title : "Not settled"}</span>
<h3>${finding.message}</h3>
<p class="where">In <code>${finding.object}</code>${settled ? `: ${means}.` : ""}</p>
${part("What shows it", finding.evidence, false)}
${part("How anybody can see it again", finding.replay, true)}
${part("What to do", finding.fix, true)}
<p class="where part">${finding.check} · ${finding.cwe}${rating}</p>
</article>`
}

function part(label: string, text: string, asCode: boolean): Safe {
  if (text.trim() === "") return html``
  const body = asCode ? html`<pre>${text.trim()}</pre>` : html`<p>${text}</p>`
  return html`<div class="part"><p class="label">${label}</p>${body}</div>`
}

function acceptedFindings(report: Report): Safe {
  const accepted = words.accepted(report)
  if (accepted.length === 0) return html``
  const items = accepted.map(
    (finding) =>
      html`<li><b>${words.severityWords[finding.severity].title}</b> in <code>${finding.object}</code> (${finding.check}): ${finding.message} Accepted until ${finding.accepted?.expires ?? ""}: ${finding.accepted?.reason ?? ""}</li>`,
  )
  return html`<section><h2>Found, and accepted for now</h2>
<p class="lead">Somebody decided to live with these until a day. They are still there.</p><ul>${items}</ul></section>`
}

function problems(report: Report): Safe {
  const list = report.baseline?.problems ?? []
  if (list.length === 0) return html``
  const items = list.map(
    ({ check, object, problem }) => html`<li><code>${object}</code> (${check}) ${words.problemWords[problem]}</li>`,
  )
  return html`<section><h2>Baseline entries that accept nothing</h2><ul>${items}</ul></section>`
}

function tried(report: Report): Safe {
  if (report.checks.length === 0) return html`<section><h2>What was tried</h2><p>Nothing.</p></section>`
  return html`<section><h2>What was tried</h2>
<p class="lead">A control is an attempt that had to succeed, and did: it shows that the check could have found something.</p>
<table><thead><tr><th>Check</th><th>What</th><th>Result</th><th class="n">Attempts</th><th class="n">Controls</th></tr></thead>
<tbody>${report.checks.map((check) => checkRow(check, words.outcome(report, check)))}</tbody></table></section>`
}

function checkRow({ check, title, verdict: result, probes, controls, reason }: CheckResult, outcome: string): Safe {
  const why = reason === undefined ? html`` : html`<small>${reason}</small>`
  return html`<tr class="${result}"><td class="id">${check}</td><td>${title}</td><td class="result">${outcome}${why}</td><td class="n" data-unit="attempts">${String(probes)}</td><td class="n" data-unit="controls">${String(controls)}</td></tr>`
}

function killRate(report: Report): Safe {
  const items = words.killRateLines(report).map((line) => html`<li>${line}</li>`)
  if (items.length === 0) return html``
  return html`<section><h2>How good these checks are here</h2><ul>${items}</ul></section>`
}

function notTried(report: Report): Safe {
  const items = report.notCovered.map((text) => html`<li>${text}</li>`)
  const body =
    items.length === 0
      ? html`<p>The tool named nothing. That is not a promise that nothing is left.</p>`
      : html`<ul>${items}</ul>`
  return html`<section><h2>What was not tried</h2>${body}</section>`
}

function reading(): Safe {
  const items = Object.values(words.severityWords).map(({ title, means }) => html`<li><b>${title}</b>: ${means}.</li>`)
  return html`<section><h2>How to read this</h2><ul>${items}<li><b>Not found</b>: the attempts listed above were made and failed. Other attempts may not.</li><li><b>Inconclusive</b>: something that had to be tried could not be. The reason says what to allow.</li></ul>
<p>Records of patients are not in this report: evidence is made of marks that the tool itself put there, column names and fingerprints. No software makes a clinic compliant.</p></section>`
}

function footer(report: Report): Safe {
  return html`<footer><p>Fingerprint of the JSON report (SHA-256): <code>${reportHash(report)}</code></p></footer>`
}
