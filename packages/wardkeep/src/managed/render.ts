import type { Fact, ManagedService } from "./service.js"

export interface Section {
  readonly title: string
  readonly lines: readonly string[]
}

/** The text of a service: `doctor` prints these lines, and the pages in docs/managed consist of them. */
export function sectionsOf(service: ManagedService): Section[] {
  const where =
    service.id === "self-hosted"
      ? "Verified"
      : "Verified on plain servers with the same rights; nothing was run on this service"
  return [
    { title: where, lines: service.verified.map(line) },
    { title: "Assumed", lines: service.assumed.map(line) },
    { title: "Unknown", lines: service.unknown },
  ]
}

function line({ text, grade, source }: Fact): string {
  return `${text} (${grade}${source === undefined ? "" : `: ${source}`})`
}

/** One page of docs/managed. */
export function page(service: ManagedService): string {
  const marker =
    service.marker === undefined
      ? `\`wardkeep doctor\` cannot recognise it by a role; \`wardkeep doctor --service ${service.id}\` names it.`
      : `\`wardkeep doctor\` recognises it by the role \`${service.marker}\` (remembered, not checked); \`--service ${service.id}\` names it.`
  const recognised =
    service.id === "self-hosted" ? "`wardkeep doctor` takes a server without a known mark for one of your own." : marker
  const body = sectionsOf(service).map(
    ({ title, lines }) => `## ${title}\n\n${lines.map((text) => `- ${text}`).join("\n")}\n`,
  )
  return `<!-- Made from packages/wardkeep/src/managed. Change it there, then run: npm run docs -->\n# ${service.name}\n\n${recognised}\n\n${body.join("\n")}`
}
