import { quoteLiteral } from "@wardkeep/core"
import { type Managed, referred, type ScopedTable } from "@wardkeep/postgres/migrate"

/**
 * Tables whose rows name nobody and belong to rows that lead to a person, parents first, as far as the log names the parent's
 * row by what the child's refers to; with the parent's column that names the person, where it has one.
 */
export function belongingFunction(own: readonly ScopedTable[]): Managed {
  const target = "wardkeep_audit.belonging()"
  const rows = leadingToPersons(own).map(
    ([child, by, parent, subject]) =>
      `(${[child, by, parent].map(quoteLiteral).join(", ")}, ${subject === undefined ? "null" : quoteLiteral(subject)})`,
  )
  const nothing = "select null::text, null::text, null::text, null::text where false"
  const body = rows.length === 0 ? nothing : `values ${rows.join(", ")}`
  return {
    id: "function wardkeep_audit.belonging",
    phase: "support",
    why: "what belongs to rows about people",
    // What it returns has had another shape, which no REPLACE changes.
    create: `drop function if exists ${target};
create function ${target} returns table (child text, by_column text, parent text, parent_subject text)
  language sql immutable set search_path = pg_catalog, pg_temp as $wk$ ${body} $wk$;
revoke execute on function ${target} from public`,
    drop: "select 1",
    commentOn: `function ${target}`,
  }
}

function leadingToPersons(own: readonly ScopedTable[]): [string, string, string, string | undefined][] {
  const byName = new Map(own.map((entry) => [entry.table.name, entry]))
  const found = new Set(own.filter(({ rule }) => rule.subject !== undefined).map(({ table }) => table.name))
  const rows: [string, string, string, string | undefined][] = []
  for (let before = -1; before < found.size; ) {
    before = found.size
    for (const entry of own) {
      const parent = byName.get(entry.through?.parent ?? "")
      if (entry.through === null || parent === undefined) continue
      if (found.has(entry.table.name) || !found.has(parent.table.name)) continue
      found.add(entry.table.name)
      if (isNamedInLog(entry, parent))
        rows.push([entry.table.name, entry.through.by, parent.table.name, parent.rule.subject])
    }
  }
  return rows
}

/** The record of an event is the key without tenant and branch, where it is one column. */
function isNamedInLog(entry: ScopedTable, parent: ScopedTable): boolean {
  const scope = [parent.tenant?.column, parent.branch?.column]
  const [key, ...more] = parent.key.filter((column) => !scope.includes(column))
  return more.length === 0 && key === referred(entry, parent)
}
