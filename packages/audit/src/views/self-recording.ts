import { quoteIdent, quoteLiteral } from "@wardkeep/core"
import type { TableView } from "./analysis.js"

/**
 * A text with the same rows in the same order that records who was shown them in the same statement: one round trip instead
 * of two. Undefined where it would not be the same, or where whose rows they are has to be asked.
 */
export function selfRecordingText(
  text: string,
  views: readonly TableView[],
  names: readonly string[],
  { statement, soon }: { readonly statement: string; readonly soon: boolean },
): string | undefined {
  // Behind a semicolon nothing may follow; one inside a literal is not looked for.
  if (views.length === 0 || text.includes(";")) return undefined
  const events: string[] = []
  for (const view of views) {
    const event = eventSql(view, names, statement, soon)
    if (event === undefined) return undefined
    events.push(event)
  }
  // A condition without a column of the rows: it is worked out once, before the first of them.
  return `with wk_shown as materialized (
${text}
)
select wk_shown.* from wk_shown where (select ${events.join(" and ")} from wk_shown having count(*) > 0)`
}

function eventSql(view: TableView, names: readonly string[], statement: string, soon: boolean): string | undefined {
  const { relation, groups, subjects, nullable, source, strict } = view
  const complete = source === "exact"
  const [at, second] = subjects
  // Whether somebody is missing is seen in the rows.
  if ((complete && nullable) || source === "fetched" || second !== undefined || (!complete && strict.length > 0))
    return undefined
  const name = at === undefined ? undefined : names[at]
  if (name !== undefined && names.filter((each) => each === name).length !== 1) return undefined
  const said = [
    quoteLiteral(relation),
    groups.length === 0 ? "'{}'" : `array[${groups.map(quoteLiteral).join(", ")}]`,
    name === undefined ? "null" : `array_agg(wk_shown.${quoteIdent(name)}::text)`,
    "count(*)::int",
    quoteLiteral(source),
    complete ? "null" : quoteLiteral(statement),
    String(soon),
  ]
  return `wardkeep_audit.record_view(${said.join(", ")})`
}
