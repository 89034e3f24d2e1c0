import { visible } from "./visible.js"

const entities: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
}

/** For text between tags and inside quoted attributes. */
export function escapeHtml(text: string): string {
  return visible(text).replace(/[&<>"']/g, (character) => entities[character] ?? "")
}

/** Markup that this module made; the class is not exported, so nothing else can claim to be. */
class Markup {
  constructor(readonly markup: string) {}
}
export type Safe = Markup

/**
 * A template in which every value is escaped, unless it is itself the result of this template.
 *
 * @example html`<li>${name}</li>`
 */
export function html(parts: TemplateStringsArray, ...values: readonly (string | Safe | readonly Safe[])[]): Safe {
  return new Markup(parts.reduce((text, part, index) => text + piece(values[index - 1]) + part))
}

function piece(value: string | Safe | readonly Safe[] | undefined): string {
  if (value === undefined) return ""
  if (typeof value === "string") return escapeHtml(value)
  return value instanceof Markup ? value.markup : value.map(({ markup }) => markup).join("")
}
