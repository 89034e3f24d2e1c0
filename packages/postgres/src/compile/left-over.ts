import { quoteIdent, quoteLiteral } from "@wardkeep/core"
import { catalogBlock } from "./catalog-block.js"
import type { Grant } from "./grants.js"
import { qualified, type Step } from "./step.js"

/** What a REVOKE takes: the privilege itself, or only the right to pass it on. */
export type Taken = "privilege" | "option"

/** A condition that is true while one grantee still has what a REVOKE on a relation takes. */
export function leftOnRelation(relation: string, grants: readonly Grant[], taken: Taken = "privilege"): string {
  const target = `to_regclass(${quoteLiteral(qualified(relation))})`
  const conditions = grants.map(({ grantee, privilege, column }) => {
    const held = `${has(grantee, taken)} and a.privilege_type = ${quoteLiteral(privilege)}`
    return column === null
      ? `exists (select from pg_class o cross join lateral aclexplode(o.relacl) a where o.oid = ${target} and ${held})`
      : `exists (select from pg_attribute o cross join lateral aclexplode(o.attacl) a where o.attrelid = ${target} and o.attname = ${quoteLiteral(column)} and ${held})`
  })
  return conditions.join("\n    or ")
}

/** The same of EXECUTE; `signature` as REVOKE takes it. */
export function leftOnFunction(signature: string, grantee: string, taken: Taken): string {
  return `exists (select from pg_proc o cross join lateral aclexplode(coalesce(o.proacl, acldefault('f', o.proowner))) a where o.oid = to_regprocedure(${quoteLiteral(signature)}) and ${has(grantee, taken)})`
}

export function leftOnSchema(schema: string, grantee: string, privilege: string, taken: Taken): string {
  return `exists (select from pg_namespace o cross join lateral aclexplode(o.nspacl) a where o.nspname = ${quoteLiteral(schema)} and ${has(grantee, taken)} and a.privilege_type = ${quoteLiteral(privilege)})`
}

function has(grantee: string, taken: Taken): string {
  const role = grantee === "PUBLIC" ? "0" : `to_regrole(${quoteLiteral(quoteIdent(grantee))})`
  return `a.grantee = ${role}${taken === "option" ? " and a.is_grantable" : ""}`
}

/** Reads back, in the SQL of a plan, what its REVOKEs took; `apply` makes a second plan. */
export function readBackSql(steps: readonly Step[]): string | undefined {
  const asked = steps.flatMap(({ object, left }) => (left === undefined ? [] : [`(${quoteLiteral(object)}, ${left})`]))
  if (asked.length === 0) return undefined
  return catalogBlock(
    "  still text;",
    `  select string_agg(distinct object, ', ') into still from (values
    ${asked.join(",\n    ")}
  ) v(object, is_left) where is_left;
  if still is not null then
    raise exception 'privileges that could not be taken away: %', still using errcode = 'WK306',
      hint = 'Nothing was changed. Run this file as the owner of the tables.';
  end if;`,
  )
}
