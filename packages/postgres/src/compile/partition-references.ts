import type { Finding } from "@wardkeep/core"
import type { Queryable } from "../database/queryable.js"
import { sqlName } from "./names.js"
import { ownColumn } from "./references.js"
import { type ScopedTable, scopeColumns } from "./scope.js"

interface Reference {
  readonly name: string
  readonly table: string
  readonly child: string
  readonly parent: string
  readonly columns: readonly string[]
  readonly parentColumns: readonly string[]
}

/** Those that PostgreSQL made for a key of the whole have a parent constraint. */
const referencesQuery = `
select k.conname::text as name, ${sqlName("tn", "t")} as "table", ${sqlName("cn", "c")} as child, ${sqlName("pn", "p")} as parent,
       array(select a.attname::text from unnest(k.conkey) with ordinality u(n, i)
               join pg_attribute a on a.attrelid = k.conrelid and a.attnum = u.n order by u.i) as columns,
       array(select a.attname::text from unnest(k.confkey) with ordinality u(n, i)
               join pg_attribute a on a.attrelid = k.confrelid and a.attnum = u.n order by u.i) as "parentColumns"
  from pg_constraint k
  join pg_class t on t.oid = k.conrelid join pg_namespace tn on tn.oid = t.relnamespace
  join pg_class r on r.oid = k.confrelid
  join pg_class c on c.oid = coalesce(pg_partition_root(k.conrelid), k.conrelid) join pg_namespace cn on cn.oid = c.relnamespace
  join pg_class p on p.oid = coalesce(pg_partition_root(k.confrelid), k.confrelid) join pg_namespace pn on pn.oid = p.relnamespace
 where k.contype = 'f' and k.conparentid = 0 and (t.relispartition or r.relispartition)
 order by 2, 1`

/** A foreign key from or to one partition: no step makes it composite, and PostgreSQL checks it without asking any policy. */
export async function partitionReferenceFindings(
  client: Queryable,
  scoped: ReadonlyMap<string, ScopedTable>,
): Promise<Finding[]> {
  const { rows } = await client.query<Reference>(referencesQuery)
  return rows.flatMap((fk): Finding[] => {
    const [child, parent] = [scoped.get(fk.child), scoped.get(fk.parent)]
    if (child === undefined || parent === undefined || parent.tenant === null || staysInside(child, parent, fk))
      return []
    return [
      {
        check: "foreign-key-across-branches",
        severity: "leak",
        object: `${fk.table} ${fk.name}`,
        message: `stands on one partition and is not held to the row's own scope: a row of ${fk.table} can refer to ${fk.parent} of another branch or tenant, and inserting tells whether it exists`,
        fix: "Declare it on the partitioned tables, where apply makes it composite, or drop it",
      },
    ]
  })
}

function staysInside(child: ScopedTable, parent: ScopedTable, { columns, parentColumns }: Reference): boolean {
  if (child.tenant === null) return false
  return scopeColumns(parent).every(([column]) => {
    const at = parentColumns.indexOf(column)
    return at !== -1 && columns[at] === ownColumn(child, parent, column)
  })
}
