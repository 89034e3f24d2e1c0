const entities: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
}

/**
 * A text for between tags and inside quoted attributes, of HTML and XML alike. Characters that XML forbids stay.
 *
 * @example `<td>${escapeMarkup(name)}</td>`
 */
export function escapeMarkup(text: string): string {
  return text.replace(/[&<>"']/g, (character) => entities[character] ?? "")
}
