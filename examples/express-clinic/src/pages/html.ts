/** Markup that is safe to send: made by {@link html} only. */
export interface Html {
  readonly markup: string
}

type Part = Html | string | number | false | undefined | readonly Html[]

const entities: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
}

/** A template whose values are text, and escaped, unless they are markup themselves. */
export function html(strings: TemplateStringsArray, ...parts: readonly Part[]): Html {
  const filled = strings.map((text, index) => text + shown(parts[index]))
  return { markup: filled.join("") }
}

function shown(part: Part): string {
  if (part === undefined || part === false) return ""
  if (typeof part === "number") return String(part)
  if (typeof part === "string") return part.replace(/[&<>"']/g, (sign) => entities[sign] ?? "")
  return "markup" in part ? part.markup : part.map(({ markup }) => markup).join("")
}
