import type { Relation } from "../../catalog/relation.js"
import type { Actor } from "../../database/actor.js"
import type { Routine } from "../../probe/argument.js"
import { names } from "../../probe/policy-parts.js"
import { grantee, signature } from "../../probe/routine.js"

export const oracleCvss = "CVSS:3.1/AV:N/AC:L/PR:L/UI:N/S:U/C:L/I:N/A:N"

export const fixFor = (one: Routine, attacker: Actor): string =>
  `Make it SECURITY INVOKER, or compare the tenant inside it; revoke execute on function ${signature(one)} from public, ${grantee(attacker)}.`

/** Tables whose rows it may tell of although no policy shows them to the caller. */
export const readBy = (one: Routine, tables: readonly Relation[]): Relation[] =>
  one.definer ? tables.filter(({ name }) => names(one.source, name)) : []

/** Its text, and that of the functions that it calls by name. */
export const sourceOf = (one: Routine, all: readonly Routine[]): string =>
  [one, ...all.filter(({ name }) => name !== one.name && names(one.source, name))]
    .map(({ source }) => source)
    .join("\n")
