import { quoteIdent, quoteLiteral } from "@wardkeep/core"

const label = "wk hidden: "

export interface HiddenColumn {
  /** `schema.table` */
  readonly relation: string
  readonly column: string
}

/**
 * NULL of a column's type that a plan still names. PostgreSQL would fold a constant, and a plan would not tell `where phone
 * is null` from `where true`. The first branch is never of a row that says more than NULL: no setting can have such a name.
 * `witness` is a column that the role reads; the expression must hold one, or sorting by it would be planned away.
 */
export function hiddenMark({ relation, column }: HiddenColumn, type: string, witness: string): string {
  const name = quoteLiteral(`${label}${[relation, column].map(encoded).join("/")}`)
  return `case when ${quoteIdent(witness)} is null then pg_catalog.current_setting(${name}, true)::${type} else null::${type} end`
}

/** As EXPLAIN prints it. The names are encoded, so that neither a quote nor a backslash is among them. */
const printed = new RegExp(
  String.raw`CASE WHEN \((?:(?:"(?:[^"]|"")*"|[\w$]+)\.)?(?:"(?:[^"]|"")*"|[\w$]+) IS NULL\) THEN \(?(?:pg_catalog\.)?current_setting\('${label}([^'/]+)/([^'/]+)'::text, true\).*? ELSE .*? END`,
  "gs",
)

/** Replaces each mark in an expression of a plan. */
export function replaceMarks(expression: string, by: (hidden: HiddenColumn) => string): string {
  return expression.replace(printed, (_, relation: string, column: string) =>
    by({ relation: decodeURIComponent(relation), column: decodeURIComponent(column) }),
  )
}

function encoded(name: string): string {
  return encodeURIComponent(name).replaceAll("'", "%27")
}
