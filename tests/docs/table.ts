const row = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`

/** A table of Markdown whose first column is left and the others centred. */
export const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [row(head), row(head.map((_, n) => (n === 0 ? "---" : ":-:"))), ...rows.map(row)].join("\n")
