import { quoteIdent, quoteLiteral } from "@wardkeep/core"
import type { TableView } from "./analysis.js"
import { mayExpand, selectText } from "./select-text.js"
import { personsOfAggregate, type Wide } from "./widened.js"

/** How the event is to be kept, and by what the statement is found again. */
interface Kept {
  readonly statement: string
  readonly soon: boolean
}

type Sent = Pick<Wide, "text" | "more" | "views" | "hidden">

/**
 * A text with the same rows in the same order that records who was shown them in the same statement: one round trip instead
 * of two. Undefined where it would not be the same, or where whose rows they are has to be asked. `names` are the caller's columns.
 */
export function selfRecordingText(
  { text, more, views, hidden }: Sent,
  names: readonly string[],
  kept: Kept,
): string | undefined {
  // Behind a semicolon nothing may follow; one inside a literal is not looked for.
  if (views.length === 0 || text.includes(";")) return undefined
  // Names that are given by position would be those of other columns once the table has one more.
  const select = more === 0 ? undefined : selectText(text)
  if (select !== undefined && mayExpand(select)) return undefined
  // Where columns were added, all of them get names of their own, and the caller's get theirs back.
  const columns = names.map((name) => (more === 0 ? name : undefined))
  const all = Array.from({ length: names.length + more }, (_, at) => columns[at] ?? `wk_${at + 1}`)
  const events: string[] = []
  for (const view of views) {
    const event = eventSql(view, all, { ...kept, hidden })
    if (event === undefined) return undefined
    events.push(event)
  }
  const [named, shown] =
    more === 0
      ? ["", "wk_shown.*"]
      : [`(${all.join(", ")})`, names.map((name, at) => `wk_shown.${all[at]} as ${quoteIdent(name)}`).join(", ")]
  // A function nobody knows may have kept rows elsewhere, although none is shown.
  // A condition without a column of the rows: it is worked out once, before the first of them.
  return `with wk_shown${named} as materialized (
${text}
)
select ${shown} from wk_shown where (select ${events.join(" and ")} from wk_shown having ${hidden ? "true" : "count(*) > 0"})`
}

function eventSql(
  view: TableView,
  names: readonly string[],
  { statement, soon, hidden }: Kept & Pick<Sent, "hidden">,
): string | undefined {
  const { relation, groups, subjects, listed, nullable, source, strict } = view
  const complete = source === "exact"
  const digest = quoteLiteral(statement)
  const [at, second] = subjects
  // Whether somebody is missing, or too many are there, is seen in the rows.
  if ((complete && nullable) || source === "fetched" || second !== undefined) return undefined
  if ((!complete || listed !== undefined) && strict.length > 0) return undefined
  const said = [quoteLiteral(relation), groups.length === 0 ? "'{}'" : `array[${groups.map(quoteLiteral).join(", ")}]`]
  if (listed !== undefined) return listedSql(`wk_shown.${names[listed]}`, said, { statement, soon })
  const name = at === undefined ? undefined : names[at]
  if (name !== undefined && names.filter((each) => each === name).length !== 1) return undefined
  said.push(
    name === undefined ? "null" : `array_agg(wk_shown.${quoteIdent(name)}::text)`,
    "count(*)::int",
    complete && hidden ? "case when count(*) > 0 then 'exact' else 'undetermined' end" : quoteLiteral(source),
    complete ? (hidden ? `case when count(*) = 0 then ${digest} end` : "null") : digest,
    String(soon),
  )
  return `wardkeep_audit.record_view(${said.join(", ")})`
}

/** The persons of all rows' lists, or none where they are too many, or nobody: a number made of no row is about those who were asked for. */
function listedSql(list: string, said: readonly string[], { statement, soon }: Kept): string {
  const open = `wk_listed.n not between 1 and ${personsOfAggregate}`
  const all = [
    ...said,
    `case when ${open} then null else wk_listed.persons end`,
    "(select count(*)::int from wk_shown)",
    `case when ${open} then 'undetermined' else 'exact' end`,
    `case when ${open} then ${quoteLiteral(statement)} end`,
    String(soon),
  ]
  return `(select wardkeep_audit.record_view(${all.join(", ")}) from (select array_agg(distinct wk_person) as persons, count(distinct wk_person) as n from wk_shown left join lateral json_array_elements_text(${list}) wk_person on true) wk_listed)`
}
