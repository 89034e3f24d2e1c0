import { type Finding, quoteIdent } from "@wardkeep/core"
import { type Queryable, type ScopedTable, sqlName } from "@wardkeep/postgres/migrate"

const laterQuery = `
select ${sqlName("n", "c")} as name, t.tgname::text as trigger
  from pg_trigger t join pg_class c on c.oid = t.tgrelid join pg_namespace n on n.oid = c.relnamespace
 -- Before, for each row, on INSERT or UPDATE: bits of trigger.h.
 where not t.tgisinternal and t.tgenabled <> 'D' and t.tgtype & 1 = 1 and t.tgtype & 2 = 2 and t.tgtype & 20 <> 0
   and t.tgname > 'wk_consent_row' and ${sqlName("n", "c")} = any ($1) order by 1, 2`

/** PostgreSQL fires triggers by name: one that comes later could make a row somebody else's after it got its bits. */
export async function hostTriggerFindings(client: Queryable, tables: readonly ScopedTable[]): Promise<Finding[]> {
  const { rows } = await client.query<{ name: string; trigger: string }>(laterQuery, [tables.map((t) => t.table.name)])
  return rows.map(({ name, trigger }) => ({
    check: "trigger-after-consent",
    severity: "leak",
    object: `${name} ${trigger}`,
    message: `trigger ${trigger} fires after the row got what its person decided, and could still change whom it is about`,
    fix: `alter trigger ${quoteIdent(trigger)} on ${name} rename to a name before wk_consent_row`,
  }))
}

/**
 * A row about a person that stands in another branch than the person has the bits of nobody: an objection does not hold for it, nor
 * does an erasure. A foreign key that leads through the branch makes that impossible.
 */
export function strayRowFindings(tables: readonly ScopedTable[], people: string): Finding[] {
  return tables.flatMap(({ table, branch, rule: { subject = "" } }) => {
    if (branch === null || table.name === people) return []
    const held = table.constraints.some(
      ({ type, parent, columns, validated }) =>
        type === "f" && parent === people && validated && columns.includes(subject) && columns.includes(branch.column),
    )
    if (held) return []
    return [
      {
        check: "subject-without-branch",
        severity: "not-covered" as const,
        object: table.name,
        message: `a row may stand in another branch than its person, whose objection and erasure do not reach it there`,
        fix: `a foreign key from tenant, ${branch.column} and ${subject} of ${table.name} to ${people}`,
      },
    ]
  })
}
