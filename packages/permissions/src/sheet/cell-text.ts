import type { Rule } from "@wardkeep/core"

/** What a cell of the sheet says, in the vocabulary of the policy file. */
export type CellContent =
  | boolean
  | { columns?: string[]; when?: string; after?: string; purposes?: string[]; mfa?: string }

const words = ["when", "after", "for", "mfa"] as const

/**
 * A rule as the text of a cell: empty is no, `yes` is everything, else parts divided by `|`.
 *
 * @example cellText({ columns: ["id", "phone"], when: "own", after: null, purposes: ["care"], mfaSeconds: 900 })
 * // columns id; phone | when own | for care | mfa PT900S
 */
export function cellText(rule: Rule | undefined): string {
  if (rule === undefined) return ""
  const parts: string[] = []
  if (rule.columns !== "all") parts.push(`columns ${rule.columns.map(quoted).join("; ")}`)
  if (rule.when !== null) parts.push(`when ${rule.when}`)
  if (rule.after !== null && rule.after !== rule.when) parts.push(`after ${rule.after}`)
  if (rule.purposes !== null) parts.push(`for ${rule.purposes.join("; ")}`)
  if (rule.mfaSeconds !== null) parts.push(`mfa PT${rule.mfaSeconds}S`)
  return parts.length === 0 ? "yes" : parts.join(" | ")
}

/** Reads what {@link cellText} writes, and `no`. Undefined: not a cell. */
export function readCell(text: string): CellContent | undefined {
  const plain = text.trim()
  if (plain === "" || plain.toLowerCase() === "no") return false
  if (plain.toLowerCase() === "yes") return true
  const content: Exclude<CellContent, boolean> = {}
  for (const part of divided(plain, "|")) {
    const [, word = "", rest = ""] = /^\s*(\w+)\s+(\S.*?)\s*$/s.exec(part) ?? []
    const list = divided(rest, ";").map((one) => unquoted(one.trim()))
    if (list.some((one) => one === "")) return undefined
    if (word === "columns" && content.columns === undefined) content.columns = list
    else if (word === "for" && content.purposes === undefined) content.purposes = list
    else {
      const known = words.find((one) => one === word)
      if ((known !== "when" && known !== "after" && known !== "mfa") || content[known] !== undefined) return undefined
      content[known] = rest
    }
  }
  return content
}

/** Column names may hold what divides; those are written as PostgreSQL would quote them. */
function quoted(column: string): string {
  return /[";|]|^\s|\s$/.test(column) ? `"${column.replaceAll('"', '""')}"` : column
}

function unquoted(text: string): string {
  return /^".*"$/s.test(text) ? text.slice(1, -1).replaceAll('""', '"') : text
}

/** Splits outside double quotes. */
function divided(text: string, by: string): string[] {
  const parts = [""]
  let inside = false
  for (const char of text) {
    if (char === '"') inside = !inside
    if (char === by && !inside) parts.push("")
    else parts[parts.length - 1] += char
  }
  return parts
}
