import { type Finding, type Policy, quoteIdent } from "@wardkeep/core"
import type { Queryable } from "../database/queryable.js"
import { differenceSteps, type Grants } from "./grants.js"
import { sqlName } from "./names.js"
import { qualified } from "./step.js"

/** A table of another owner with objects of ours on it: nothing can be taken off it by a step. */
export interface GivenAway {
  readonly name: string
  readonly owner: string
  readonly policies: readonly string[]
  readonly triggers: readonly string[]
  /** Columns that are filled from a context. */
  readonly filled: readonly string[]
}

const query = `
with marked as materialized (
  select classoid, objoid from pg_description where objsubid = 0 and description like 'wardkeep%:%'
), policy as (
  select p.polrelid as on_table, p.polname::text as name from marked m join pg_policy p on m.classoid = 'pg_policy'::regclass and p.oid = m.objoid
), trigger as (
  select t.tgrelid as on_table, t.tgname::text as name from marked m join pg_trigger t on m.classoid = 'pg_trigger'::regclass and t.oid = m.objoid
)
select ${sqlName("n", "c")} as name, pg_get_userbyid(c.relowner)::text as owner,
  array(select p.name from policy p where p.on_table = c.oid order by 1) as policies,
  array(select t.name from trigger t where t.on_table = c.oid order by 1) as triggers,
  array(select a.attname::text from pg_attrdef d join pg_attribute a on a.attrelid = d.adrelid and a.attnum = d.adnum
         where d.adrelid = c.oid and a.attgenerated = '' and pg_get_expr(d.adbin, d.adrelid) like '%wardkeep.%' order by a.attnum) as filled
from pg_class c join pg_namespace n on n.oid = c.relnamespace
where pg_get_userbyid(c.relowner) <> current_user and c.oid in (select on_table from policy union select on_table from trigger)
order by 1`

export async function readGivenAway(client: Queryable): Promise<GivenAway[]> {
  return (await client.query<GivenAway>(query)).rows
}

/** Tables that left the policy file, or a whole that is in it, before they changed hands. */
export function givenAwayFindings(policy: Policy, tables: readonly GivenAway[], grants: Grants): Finding[] {
  return tables.map((table) => ({
    check: "given-away",
    severity: "leak",
    object: table.name,
    message: `${table.name} belongs to ${table.owner} and still carries ${carried(table).join(" and ")}; only its owner or a superuser can take them off`,
    fix: `As its owner: ${statements(policy, table, grants).join("; ")}`,
  }))
}

function carried({ policies, triggers }: GivenAway): string[] {
  return [
    ...(policies.length === 0 ? [] : ["policies of ours, by which those who are granted it get no rows and no error"]),
    ...(triggers.length === 0 ? [] : ["triggers that run functions of ours"]),
  ]
}

/** Privileges and triggers first: without row-level security every row is shown to whoever holds something. */
function statements(policy: Policy, { name, policies, triggers, filled }: GivenAway, grants: Grants): string[] {
  const target = qualified(name)
  const unfilled = filled.map((column) => `alter column ${quoteIdent(column)} drop default, `).join("")
  return [
    ...differenceSteps(policy, name, [], grants.of(name), "keep").map(({ sql }) => sql),
    ...triggers.map((trigger) => `drop trigger ${quoteIdent(trigger)} on ${target}`),
    ...policies.map((dropped) => `drop policy ${quoteIdent(dropped)} on ${target}`),
    ...(policies.length === 0
      ? []
      : [`alter table ${target} ${unfilled}no force row level security, disable row level security`]),
  ]
}
