import type { Actor, ConsentRule, Policy } from "./policy.js"
import type { PolicyDocument } from "./schema.js"

/** The basis of a purpose that sees a person only after that person said yes. */
export const consentBasis = "consent"

/** What a purpose waits for: a yes (`consent`), or only that nobody objected (`objection`). Null: for nothing. */
export function wallOf(rule: { readonly basis: string; readonly objection?: "stops" | undefined } | undefined) {
  if (rule?.basis === consentBasis) return "consent"
  return rule?.objection === "stops" ? "objection" : null
}

export function consentOf(declared: PolicyDocument["consent"], qualify: (name: string) => string): ConsentRule | null {
  return declared === undefined ? null : { ...declared, subjects: qualify(declared.subjects) }
}

/** What can only be said of purposes, tables and roles together. */
export function checkConsent(
  doc: PolicyDocument,
  consent: ConsentRule | null,
  actors: readonly Actor[],
  tables: Policy["tables"],
  faults: string[],
): void {
  for (const [name, rule] of Object.entries(doc.purposes)) {
    const wall = wallOf(rule)
    if (wall !== null && consent === null)
      faults.push(`purposes.${name}: nothing could hold it; write consent: { subjects, born, recordedBy, noticesBy }`)
    if (rule.basis === consentBasis && rule.objection !== undefined)
      faults.push(`purposes.${name}.objection: who objects to consent withdraws it; leave it out`)
    if (rule.children !== undefined && rule.basis !== consentBasis)
      faults.push(`purposes.${name}.children: only for purposes with basis: 'consent'`)
  }
  if (consent === null) return
  const rule = tables.get(consent.subjects)
  if (rule === undefined) faults.push(`consent.subjects: ${consent.subjects} is not under tables`)
  else if (rule.subject === undefined || (rule.scope !== "branch" && rule.scope !== "tenant"))
    faults.push(`consent.subjects: ${consent.subjects} needs a subject column and the scope 'branch' or 'tenant'`)
  const roles = new Set(actors.filter(({ kind }) => kind === "role").map(({ name }) => name))
  for (const name of [...consent.recordedBy, ...consent.noticesBy, ...consent.rightsBy])
    if (!roles.has(name)) faults.push(`consent: ${name} is not under roles or combinations`)
  for (const actor of actors) checkReach(doc, actor, consent, tables, faults)
}

/** Where a row does not say whom it is about, no purpose that waits for a person's yes can be kept from it. */
function checkReach(
  doc: PolicyDocument,
  actor: Actor,
  consent: ConsentRule,
  tables: Policy["tables"],
  faults: string[],
): void {
  const walled = actor.purposes.filter((purpose) => wallOf(doc.purposes[purpose]) !== null)
  if (walled.length === 0) return
  // Whoever holds two tokens chooses between two purposes, and nobody watches a job do so.
  if (actor.kind === "service" && actor.purposes.length > 1)
    faults.push(
      `services.${actor.name}.purposes: a job for ${walled.join(", ")} has no other purpose; make two services`,
    )
  for (const [name, { rules }] of actor.can) {
    const rule = tables.get(name)
    const used = Object.values(rules).some(
      ({ purposes }) => purposes === null || purposes.some((purpose) => walled.includes(purpose)),
    )
    if (!used || rule === undefined || !isAboutPeople(name, tables)) continue
    const at = `${actor.kind}s.${actor.name}.can.${name}`
    const tied = `tie the cell to purposes other than ${walled.join(", ")}, or give them a role of their own`
    if (rule.subject === undefined) faults.push(`${at}: the table names no subject, so nobody can be asked; ${tied}`)
    else if (levelOf(name, tables) !== levelOf(consent.subjects, tables))
      faults.push(`${at}: consent is kept per ${levelOf(consent.subjects, tables)}, and the table is not; ${tied}`)
  }
}

/** It names a subject, or belongs to a row of a table that does. */
function isAboutPeople(name: string, tables: Policy["tables"]): boolean {
  const rule = tables.get(name)
  if (rule === undefined) return false
  if (rule.subject !== undefined) return true
  return typeof rule.scope === "object" && "through" in rule.scope && isAboutPeople(rule.scope.through, tables)
}

function levelOf(name: string, tables: Policy["tables"]): string {
  const scope = tables.get(name)?.scope
  if (typeof scope !== "object") return scope ?? ""
  return "through" in scope ? levelOf(scope.through, tables) : "shared"
}
