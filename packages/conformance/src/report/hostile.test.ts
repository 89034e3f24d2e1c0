import fc from "fast-check"
import MarkdownIt from "markdown-it"
import { expect, test } from "vitest"
import { render } from "./render.js"
import type { CheckResult, Report, ReportFinding } from "./report.js"
import { clean, leak } from "./sample-report.js"
import { inOrder } from "./words.js"

/** Names that somebody who can create a table would choose, and any text at all. */
const attacks = [
  '</pre></article><script>alert(1)</script><img src=x onerror="alert(1)">',
  '"><svg/onload=alert(1)>',
  "' onmouseover='alert(1)",
  "]]></failure><testcase name='passed'/>",
  "<!-- --><!DOCTYPE x [<!ENTITY a SYSTEM 'file:///etc/passwd'>]>&a;",
  "</details>\n\n# It is safe\n\n| a | b |\n|---|---|\n",
  "```\n@octocat #1 [x](javascript:alert(1)) ![x](https://evil.example/x.png)\n````",
  "see #12; and @nobody; 0.AL",
  "`` ` `` | ~~~ <b> https://evil.example www.evil.example",
  "\u001b[2J\u001b]8;;https://evil.example\u0007here\u0000\u0008\u009b31m",
  "\u202eabc\u2066\u200b\ufeff\ufffe\uffff\ud800 \udc00",
  "- [ ] x\n1. y\n> z\n\tindented\r\nend\\",
]
const text = fc.oneof(
  fc.constantFrom(...attacks),
  fc.string({ unit: "binary", maxLength: 40 }),
  fc.tuple(fc.constantFrom(...attacks), fc.string({ maxLength: 5 })).map((parts) => parts.join("")),
)

const findings: fc.Arbitrary<ReportFinding> = fc.record({
  check: fc.constant("WKC014"),
  verdict: fc.constantFrom("LEAK", "INCONCLUSIVE"),
  severity: fc.constantFrom("leak", "oracle", "hygiene"),
  object: text,
  message: text,
  evidence: text,
  replay: text,
  fix: text,
  cwe: text,
  cvss: fc.oneof(text, fc.constant(leak.cvss)),
})
const checks: fc.Arbitrary<CheckResult> = fc.record({
  check: fc.constant("WKC014"),
  title: text,
  verdict: fc.constantFrom("LEAK", "NOT_FOUND", "INCONCLUSIVE", "NOT_APPLICABLE"),
  probes: fc.nat(),
  controls: fc.nat(),
  reason: text,
})
const reports: fc.Arbitrary<Report> = fc
  .record({
    verdict: fc.constantFrom("LEAK", "NOT_FOUND", "INCONCLUSIVE"),
    mode: fc.constantFrom("catalog", "probe", "drill", "http"),
    server: text,
    checks: fc.array(checks, { maxLength: 3 }),
    open: fc.array(findings, { maxLength: 3 }),
    accepted: fc.array(
      fc
        .tuple(findings, text)
        .map(([finding, reason]) => ({ ...finding, accepted: { reason, expires: "2027-01-31" } })),
      { maxLength: 2 },
    ),
    notCovered: fc.array(text, { maxLength: 3 }),
    problem: text,
    survivors: fc.array(text, { maxLength: 2 }),
  })
  .map(({ open, accepted, problem, survivors, ...rest }) => ({
    ...clean,
    ...rest,
    killRate: { mutations: 3, killed: 1, withoutEffect: 0, survivors },
    findings: [...open, ...accepted],
    baseline: {
      accepted: accepted.length,
      problems: [{ check: "WKC014", object: problem, problem: "expired", expires: "2026-01-31" }],
    },
  }))

/** The same report with nothing but harmless words: whatever shape its rendering has, the hostile one must have it too. */
function harmless(report: Report): Report {
  const word = (value: string): string => (value.trim() === "" ? "" : "x")
  // Findings are listed by object: the harmless names keep the order of the hostile ones.
  const tame = (finding: ReportFinding, index: number): ReportFinding => ({
    ...finding,
    object: finding.object.trim() === "" ? "" : `x${index}`,
    message: word(finding.message),
    evidence: word(finding.evidence),
    replay: word(finding.replay),
    fix: word(finding.fix),
    cwe: word(finding.cwe),
    ...(finding.accepted && { accepted: { ...finding.accepted, reason: word(finding.accepted.reason) } }),
  })
  return {
    ...report,
    server: word(report.server),
    checks: report.checks.map(({ reason = "", ...one }) => ({ ...one, title: word(one.title), reason: word(reason) })),
    findings: inOrder(report.findings).map(tame),
    notCovered: report.notCovered.map(word),
    ...(report.killRate && { killRate: { ...report.killRate, survivors: report.killRate.survivors.map(word) } }),
    ...(report.baseline && {
      baseline: {
        ...report.baseline,
        problems: report.baseline.problems.map((one) => ({ ...one, object: word(one.object) })),
      },
    }),
  }
}

const invisible = /(?![\n\t])[\p{Cc}\p{Cf}\p{Cs}]/u
const tags = (markup: string): string[] => markup.match(/<[^>]*>/g) ?? []
const names = (markup: string): string[] => markup.match(/<\/?[a-z]+/g) ?? []

test("no text can add, change or remove one tag of the HTML report, or make it load or run anything", () => {
  fc.assert(
    fc.property(reports, (report) => {
      const page = render(report, "html")
      expect(tags(page)).toEqual(tags(render(harmless(report), "html")))
      expect(page).not.toMatch(invisible)
    }),
  )
})

test("the HTML report has no script, no link, no image, and a policy that would forbid them", () => {
  const page = render({ ...clean, findings: [leak] }, "html")
  expect(page).not.toMatch(/<(script|link|img|iframe|object|a|form|base)\b|url\(|@import|https?:|\son\w+=|\sstyle=/i)
  expect(page).toContain(`content="default-src 'none'; style-src 'sha256-`)
})

test("no text can end an element of the JUnit report or hold a character that XML forbids", () => {
  fc.assert(
    fc.property(reports, (report) => {
      const xml = render(report, "junit")
      expect(wellFormed(xml)).toBe(true)
      expect(names(xml)).toEqual(names(render(harmless(report), "junit")))
    }),
  )
})

test("no text can become markup, a link or a mention in the Markdown report", () => {
  const markdown = new MarkdownIt({ html: true, linkify: true })
  fc.assert(
    fc.property(reports, (report) => {
      const page = markdown.render(render(report, "markdown"))
      expect(names(page)).toEqual(names(markdown.render(render(harmless(report), "markdown"))))
      expect(page.replace(/<code[^>]*>[\s\S]*?<\/code>/g, "")).not.toMatch(/[@#][\w]/)
    }),
  )
})

test("no text reaches a terminal as a control sequence", () => {
  fc.assert(
    fc.property(reports, (report) => {
      expect(render(report, "pretty")).not.toMatch(invisible)
    }),
  )
})

/** Strict enough for what the report uses: one root, matching tags, quoted attributes, five entities, legal characters. */
function wellFormed(xml: string): boolean {
  if (!/^(?:[\n\t]|[^\p{Cc}\p{Cs}\ufffe\uffff])*$/u.test(xml)) return false
  const prolog = '<?xml version="1.0" encoding="UTF-8"?>\n'
  if (!xml.startsWith(prolog)) return false
  const token =
    /<(\/?)([a-z]+)((?: [A-Za-z]+="(?:[^"&<]|&(?:amp|lt|gt|quot|apos);)*")*)(\/?)>|((?:[^&<]|&(?:amp|lt|gt|quot|apos);)+)/y
  const open: string[] = []
  token.lastIndex = prolog.length
  while (token.lastIndex < xml.length) {
    const match = token.exec(xml)
    if (match === null) return false
    const [, closing, name, , empty] = match
    if (name === undefined) continue
    if (closing === "/") {
      if (open.pop() !== name) return false
    } else if (empty !== "/") open.push(name)
  }
  return open.length === 0
}

test("the test's own reader of XML refuses what is not well formed", () => {
  const of = (body: string) => wellFormed(`<?xml version="1.0" encoding="UTF-8"?>\n${body}`)
  expect(of('<a b="c">d &amp; e<f/></a>')).toBe(true)
  for (const broken of ["<a>", "<a></b>", "<a b='c'/>", "<a>&nbsp;</a>", "<a>\u0001</a>", '<a b="<"/>']) {
    expect(of(broken)).toBe(false)
  }
})
