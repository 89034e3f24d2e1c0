/**
 * The small language of `leak.sql` and `attack.sql`: SQL below headings that say who runs it.
 *
 *     -- as A
 *     select * from lab_result;
 *     -- as B, same connection
 *     -- as A, own connection
 *     -- as A, without context
 *     -- control as A
 *     -- truth
 *     select exists (select from lab_result where note = 'taken');
 */
export interface Section {
  /** `truth` is one query of the superuser that says whether the damage was done. */
  readonly kind: "as" | "control" | "truth"
  readonly tenant: string
  readonly withoutContext: boolean
  /** `same`: the connection opened last, as a pool hands it on. `own`: the tenant's earlier one. */
  readonly connection: "new" | "same" | "own"
  readonly statements: readonly string[]
}

const heading = /^-- (?:(as|control as) (\w+)((?:, (?:without context|same connection|own connection))*)|(truth))$/

export function readScript(text: string): Section[] {
  const sections: { head: RegExpExecArray; body: string[] }[] = []
  for (const line of text.split("\n")) {
    const head = heading.exec(line.trimEnd())
    if (head !== null) sections.push({ head, body: [] })
    else sections.at(-1)?.body.push(line)
  }
  return sections.map(({ head: [, as, tenant, options], body }) => ({
    kind: as === undefined ? "truth" : as === "as" ? "as" : "control",
    tenant: tenant ?? "",
    withoutContext: options?.includes("without context") ?? false,
    connection: options?.includes("same") ? "same" : options?.includes("own") ? "own" : "new",
    statements: splitStatements(body.join("\n")),
  }))
}

/** A statement ends with a semicolon at the end of a line, outside `$$`. */
export function splitStatements(text: string): string[] {
  const statements: string[] = []
  let current = ""
  for (const line of text.split("\n")) {
    current += `${line}\n`
    const quoted = current.split("$$").length % 2 === 0
    if (quoted || !line.trimEnd().endsWith(";")) continue
    statements.push(current.trim())
    current = ""
  }
  const rest = current.replace(/^\s*--.*$/gm, "").trim()
  if (rest !== "") throw new Error(`a statement without its semicolon: ${rest}`)
  return statements
}
