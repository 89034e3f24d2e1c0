import { quoteLiteral } from "@wardkeep/core"

/**
 * A value of somebody's as SQL that runs, with a mark that keeps it out of the report.
 *
 * @param what such as `public.patient.phone`
 * @param tenant whose it must be, where a statement takes values of two
 */
export const hidden = (text: string, what: string, tenant?: string): string =>
  `/*wk ${`${what}${tenant === undefined ? "" : ` of tenant ${tenant}`}`.replace(/[^\w. ]/g, "_")}*/${quoteLiteral(text)}`

const mark = /\/\*wk ([\w. ]*)\*\/(E?'(?:[^']|'')*')/g

/** A replay asks for what a person wrote, as a variable of psql, instead of printing it. */
export function withoutHidden(sql: string): string {
  const asked = new Map<string, { readonly name: string; readonly what: string }>()
  const shown = sql.replace(mark, (_, what: string, literal: string) => {
    const known = asked.get(literal) ?? { name: `value_${asked.size + 1}`, what }
    asked.set(literal, known)
    return `:'${known.name}'`
  })
  const lines = [...asked.values()].map(({ name, what }) => `-- ${name}: of ${what}; psql takes it with -v ${name}=…`)
  return [...lines, shown].join("\n")
}
