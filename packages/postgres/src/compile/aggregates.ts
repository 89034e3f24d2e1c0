import { type AggregateFigures, otherCell, type Policy, quoteIdent, quoteLiteral, WardkeepError } from "@wardkeep/core"
import { shownRows } from "./consent-wall.js"
import { type JsonObject, ownFunction } from "./crossings.js"
import type { ScopedTable } from "./scope.js"
import { type Managed, qualified } from "./step.js"

const days = ["date", "timestamp without time zone", "timestamp with time zone"]
const exactNumber = /^(smallint|integer|bigint|numeric)$/

/** What `wardkeep.contribute` calls, one function per aggregate; nobody is granted them. */
export function aggregates(policy: Policy, scoped: ReadonlyMap<string, ScopedTable>): Managed[] {
  return (policy.aggregates?.figures ?? []).map((figures) => {
    const entry = scoped.get(figures.table)
    if (entry === undefined) throw new WardkeepError("WK901")
    requireWhole(figures, entry)
    return ownFunction(
      policy,
      `wk_count_${figures.name}`,
      ["date"],
      "table (cell text, persons bigint, value numeric, largest numeric)",
      countBody(figures, entry),
      "counts one clinic for figures that are published",
    )
  })
}

/** A month is released once per table, by its name: the same rows go by two, and the whole less the part is the rest. */
function requireWhole({ name, table }: AggregateFigures, { table: { partitionOf } }: ScopedTable): void {
  if (partitionOf === null) return
  throw new WardkeepError("WK253", {
    message: `aggregates.figures.${name}: ${table} is a partition of ${partitionOf}, and its rows are of both; count the whole`,
    hint: "Name the partitioned table; `by` tells its rows apart.",
  })
}

/** As the functions of `wardkeep` read it: what a clinic agrees to is one of the `figures`, as a whole. */
export function aggregatesRow({ aggregates: rule, schema, tables }: Policy): JsonObject | null {
  if (rule === null) return null
  const figures = rule.figures.map(({ name, by, minimum, largest, ...rest }): [string, JsonObject] => [
    name,
    {
      ...rest,
      // Who a person is, is agreed to as well: with another column rows are counted as persons.
      subject: tables.get(rest.table)?.subject ?? null,
      by: by?.column ?? null,
      cells: by === null ? [] : [...by.values, otherCell],
      minimum: { ...minimum },
      largest: { ...largest },
    },
  ])
  return { service: rule.service, agreedBy: rule.agreedBy, schema, figures: Object.fromEntries(figures) }
}

/**
 * Under the fence of the caller's context, as the owner. Persons are counted, not rows; a person's part of a cell is known so
 * that nobody is most of it.
 */
function countBody(figures: AggregateFigures, entry: ScopedTable): string {
  const { by, sum } = figures
  const column = (name: string): string => `t.${quoteIdent(name)}`
  const subject = column(entry.rule.subject ?? "")
  const [from, until] = bounds(figures, entry)
  const listed = `array[${(by?.values ?? []).map(quoteLiteral).join(", ")}]`
  const cell =
    by === null
      ? "''"
      : `case when ${column(by.column)}::text = any (${listed}) then ${column(by.column)}::text else ${quoteLiteral(otherCell)} end`
  const all = by === null ? "" : "\n    union all select p.person, '', sum(p.v) from part p group by p.person"
  // NaN is more than infinity there.
  const number = sum === null ? "" : ` and abs(${column(sum)}::numeric) < 'Infinity'`
  const value = sum === null ? "count(*)::numeric" : `sum(${column(sum)}::numeric)`
  return `#variable_conflict use_column
begin
  return query with part as (
    select ${subject}::text as person, ${cell} as c, ${value} as v from ${qualified(entry.table.name)} t
     where ${column(figures.month)} >= ${from} and ${column(figures.month)} < ${until} and ${subject} is not null${number}${shownRows(entry, "t")}
     group by 1, 2
  ), every as (select p.person, p.c, p.v from part p${all})
  select e.c, count(*), sum(e.v), max(abs(e.v)) from every e group by e.c;
end`
}

/** Compared in the column's own type, so that an index serves; months are of UTC, whatever the session's time zone. */
function bounds({ name, month, sum }: AggregateFigures, { table }: ScopedTable): [from: string, until: string] {
  const typeOf = (column: string): string => table.columns.get(column)?.type ?? ""
  const type = typeOf(month)
  if (!days.includes(type))
    throw new WardkeepError("WK253", {
      message: `aggregates.figures.${name}: ${table.name}.${month} is ${type}, not a date or a timestamp`,
    })
  if (sum !== null && !exactNumber.test(typeOf(sum)))
    throw new WardkeepError("WK253", {
      message: `aggregates.figures.${name}: ${table.name}.${sum} is ${typeOf(sum)}, not an exact number`,
    })
  const at = (time: string): string => {
    if (type === "date") return `(${time})::date`
    return type === "timestamp with time zone" ? `(${time}) at time zone 'UTC'` : time
  }
  return [at("$1::timestamp"), at("$1::timestamp + interval '1 month'")]
}
