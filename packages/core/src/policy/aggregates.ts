import { wallOf } from "./consent.js"
import type { Actor, AggregateFigures, Aggregates, Policy } from "./policy.js"
import type { PolicyDocument } from "./schema.js"

/** What is left of a closed list. */
export const otherCell = "other"

export function aggregatesOf(
  declared: PolicyDocument["aggregates"],
  qualify: (name: string) => string,
): Aggregates | null {
  if (declared === undefined) return null
  const figures = Object.entries(declared.figures).map(([name, { table, measure, by, ...rest }]): AggregateFigures => {
    const sum = measure === "rows" ? null : measure.sum
    return { ...rest, name, table: qualify(table), sum, by: by ?? null }
  })
  return { service: declared.service, agreedBy: declared.agreedBy, figures }
}

/** What can only be said of figures, tables, services and roles together. */
export function checkAggregates(
  aggregates: Aggregates | null,
  { purposes, support }: PolicyDocument,
  actors: readonly Actor[],
  tables: Policy["tables"],
  faults: string[],
): void {
  if (aggregates === null) return
  const { service, agreedBy, figures } = aggregates
  const counts = actors.find(({ kind, name }) => kind === "service" && name === service)
  if (counts === undefined) faults.push(`aggregates.service: ${service} is not under services`)
  // Rows are counted as the owner, who waits for nobody's consent.
  for (const purpose of counts?.purposes ?? [])
    if (wallOf(purposes[purpose]) !== null)
      faults.push(`aggregates.service: ${purpose} waits for what each person decides; count for another purpose`)
  for (const name of agreedBy) {
    const role = actors.find((actor) => actor.kind === "role" && actor.name === name)
    if (role === undefined) faults.push(`aggregates.agreedBy: ${name} is not under roles or combinations`)
    else if (role.confined) faults.push(`aggregates.agreedBy: ${name} is confined`)
    else if (name === support?.role) faults.push(`aggregates.agreedBy: ${name} is the vendor's own`)
  }
  if (figures.length === 0) faults.push("aggregates.figures: write at least one")
  const counted = new Map<string, string>()
  for (const one of figures) {
    const before = counted.get(one.table)
    if (before !== undefined)
      faults.push(
        `aggregates.figures.${one.name}: ${before} counts ${one.table} already, and one can be taken from the other`,
      )
    counted.set(one.table, one.name)
    checkFigures(one, counts, tables, faults)
  }
}

function checkFigures(
  { name, table, by, sum, month }: AggregateFigures,
  service: Actor | undefined,
  tables: Policy["tables"],
  faults: string[],
): void {
  const at = `aggregates.figures.${name}`
  const rule = tables.get(table)
  if (rule === undefined) return void faults.push(`${at}.table: ${table} is not under tables`)
  const { scope, subject } = rule
  if (scope === "global" || scope === "unmanaged" || (typeof scope === "object" && "shared" in scope))
    faults.push(`${at}.table: rows of ${table} belong to no single clinic`)
  if (subject === undefined) faults.push(`${at}.table: ${table} names no subject, and persons are counted`)
  const used = [month, ...(by === null ? [] : [by.column]), ...(sum === null ? [] : [sum])]
  if (new Set(used).size < used.length) faults.push(`${at}: month, by and sum are different columns`)
  const read = service?.can.get(table)?.rules.read
  if (service !== undefined && read === undefined) faults.push(`${at}.table: ${service.name} does not read ${table}`)
  if (read !== undefined && (read.when !== null || read.purposes !== null))
    faults.push(`${at}.table: ${service?.name} reads ${table} under a condition, which counting does not ask for`)
  for (const column of used) {
    const group = Object.entries(rule.columns ?? {}).find(([, columns]) => columns.includes(column))?.[0]
    if (group !== undefined)
      faults.push(`${at}: ${column} belongs to the group ${group}, of which nothing is published`)
    if (column === subject) faults.push(`${at}: ${column} says whom a row is about`)
    if (read !== undefined && read.columns !== "all" && !read.columns.includes(column))
      faults.push(`${at}: ${column} is hidden from ${service?.name}`)
  }
  for (const value of by?.values ?? [])
    if (value === otherCell) faults.push(`${at}.by.values: ${otherCell} is what the list leaves out`)
  if (new Set(by?.values).size < (by?.values ?? []).length) faults.push(`${at}.by.values: each value once`)
}
