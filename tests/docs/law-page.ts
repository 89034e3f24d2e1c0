import { gradeWords, inWords, type Law, type Obligation, type Period } from "@wardkeep/consent"

const parts = [
  ["enforces", "Where the database enforces a part"],
  ["helps", "Where Wardkeep keeps evidence, or a part of it"],
  ["clinic", "What stays the clinic's job"],
] as const

/** The clause map: whose job each duty is, with its days, its limit and what stands behind the row. */
export function lawPage(law: Law): string {
  const title = (name: string): string => law.instruments[name] ?? name
  const sections = parts.map(([part, heading]) => {
    const rules = law.obligations.filter(({ wardkeep }) => wardkeep.part === part)
    const rows = rules.map((rule) => row(rule, title(rule.instrument)))
    return `## ${heading}\n\n| clause | duty | limit | days in force | read |${part === "clinic" ? "" : " how |"}\n|---|---|---|---|---|${part === "clinic" ? "" : "---|"}\n${rows.join("\n")}\n`
  })
  const records = law.retention.map(
    ({ record, instrument, clause, period, grade, sources, caveat, force }) =>
      `| ${record} | ${limit(period)} | ${title(instrument)}, ${clause} | ${days(force)} | ${read({ grade, sources })} | ${caveat ?? ""} |`,
  )
  const forbidden = law.forbidden.map(({ instrument, cites, why }) => `| ${title(instrument)} | ${cites} | ${why} |`)
  return `# The law as data

Made from \`packages/consent/rules\`, one file for each rule, by \`npm run docs\`. ${law.say} Read on ${law.readOn}.
\`wardkeep law --on 2027-05-13\` says what binds on a day; \`loadLaw\`, \`lawOn\`, \`dueAt\` and \`retention\` of
\`wardkeep/consent\` do so in a program.

No software makes a clinic compliant, and this is not every duty there is. Where the database enforces a part, it refuses what
the last column names, and no more; where evidence is kept, the last column says how far; the rest is work of people. \`read\`
says what stands behind a row. Where sources disagree about a day, a duty begins on the earlier one and ends on the later one.

${sections.join("\n")}
## How long records are kept

No row decides by itself: a named person reads the instrument and stands for it (\`attestations\`, good for a year), and until then
the rule is open and nothing may be destroyed on the strength of it.

| record | period | instrument | days in force | read | |
|---|---|---|---|---|---|
${records.join("\n")}

## Citations that are refused

Found in the wild, and wrong. Loading the rules fails when one of them cites like this.

| instrument | cited | why that is wrong |
|---|---|---|
${forbidden.join("\n")}
`
}

function row({ clause, duty, period, force, grade, sources, wardkeep }: Obligation, title: string): string {
  const how =
    wardkeep.part === "clinic"
      ? ""
      : ` ${wardkeep.how}${wardkeep.evidence === undefined ? "" : ` \`${wardkeep.evidence}\``} |`
  return `| ${title}, ${clause} | ${duty} | ${limit(period ?? null)} | ${days(force)} | ${read({ grade, sources })} |${how}`
}

const read = ({ grade, sources }: Pick<Obligation, "grade" | "sources">): string =>
  `${gradeWords[grade]}: ${sources.join("; ")}`

function days({ status, from, to }: Obligation["force"]): string {
  if (status !== "enacted") return status
  const end = to === undefined ? "" : `, until ${to}`
  return `${from === "earlier" ? "before it was read" : `from ${from}`}${end}`
}

function limit(period: Period | null): string {
  return period === null
    ? ""
    : `${period.kind === "within" ? "within" : "at least"} ${inWords(period.length)} from ${period.clock}`
}
