import { labelOf, type Relation } from "../../catalog/relation.js"
import type { Actor } from "../../database/actor.js"
import type { Routine } from "../../probe/argument.js"
import type { Pair } from "../../probe/pair.js"
import { names } from "../../probe/policy-parts.js"
import { grantee, signature } from "../../probe/routine.js"
import type { CheckRecord } from "../../run/check-record.js"

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

/**
 * Asks, and asks again while the victim's rows are there. As it was asked, first in a transaction each time: what a first
 * answer leaves in a transaction can make the second another one by itself.
 */
export const replayOf = ({ attacker, victim }: Pair, attack: string, statements: readonly string[]): string =>
  [attacker.replay(attack), victim.replay(...statements, ...attacker.takingOver(victim), attack)].join("\n")

/** That it reaches what is the victim's. */
export function report(
  record: CheckRecord,
  one: Routine,
  { attacker, victim }: Pair,
  evidence: string,
  replay: string,
): void {
  const why = one.definer
    ? ` It runs as its owner ${one.owner}${one.ownerExempt ? ", who is exempt from policies" : ""}.`
    : ""
  record.found({
    object: labelOf(one),
    message: `${signature(one)} lets tenant ${attacker.name} reach what belongs to tenant ${victim.name}.${why}`,
    evidence,
    replay,
    fix: fixFor(one, attacker),
  })
}

/** Shown to leak, whichever way round, it needs no oracle. */
export const isShown = ({ findings }: CheckRecord, one: Routine): boolean =>
  findings.some(({ object, severity }) => object === labelOf(one) && severity !== "oracle")
