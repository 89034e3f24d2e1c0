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
  statement: string,
): string | undefined {
  // Behind a semicolon nothing may follow; one inside a literal is not looked for.
  if (views.length === 0 || text.includes(";")) return undefined
  const events: string[] = []
  for (const view of views) {
    const event = eventSql(view, names, statement)
    if (event === undefined) return undefined
    events.push(event)
  }
  return `with wk_shown as materialized (
${text}
), wk_seen as materialized (select wardkeep_audit.record_views(jsonb_build_array(${events.join(", ")})) as done from wk_shown having count(*) > 0)
select wk_shown.* from wk_shown where (select count(s) from wk_seen s) >= 0`
}

function eventSql(view: TableView, names: readonly string[], statement: string): string | undefined {
  const { relation, groups, subjects, nullable, source, strict } = view
  const complete = source === "exact"
  const [at, second] = subjects
  // Whether somebody is missing is seen in the rows.
  if ((complete && nullable) || source === "fetched" || second !== undefined || (!complete && strict.length > 0))
    return undefined
  const name = at === undefined ? undefined : names[at]
  if (name !== undefined && names.filter((each) => each === name).length !== 1) return undefined
  const column = name === undefined ? undefined : `wk_shown.${quoteIdent(name)}`
  const persons =
    column === undefined
      ? "'[]'::jsonb"
      : `coalesce(jsonb_agg(distinct ${column}::text) filter (where ${column} is not null), '[]')`
  const members = [
    `'relation', ${quoteLiteral(relation)}`,
    `'groups', ${quoteLiteral(JSON.stringify(groups))}::jsonb`,
    `'source', ${quoteLiteral(source)}`,
    `'n', count(*)`,
    `'subjects', ${persons}`,
    ...(complete ? [] : [`'statement', ${quoteLiteral(statement)}`]),
  ]
  return `jsonb_build_object(${members.join(", ")})`
}
