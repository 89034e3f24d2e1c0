import { durationSeconds } from "./duration.js"
import type { Actor, Crossings, Policy, Referral } from "./policy.js"
import type { PolicyDocument } from "./schema.js"

const writing = ["create", "update", "delete"] as const

export function crossingsOf(
  declared: PolicyDocument["crossings"],
  qualify: (name: string) => string,
): Crossings | null {
  if (declared === undefined) return null
  const { people, referral, movedBy, mergedBy } = declared
  return { people: qualify(people), referral: referralOf(referral), movedBy, mergedBy }
}

function referralOf(declared: NonNullable<PolicyDocument["crossings"]>["referral"]): Referral | null {
  if (declared === undefined) return null
  const { longest, ...rest } = declared
  return { ...rest, longestSeconds: durationSeconds(longest) }
}

/** What can only be said of crossings, tables and roles together. */
export function checkCrossings(
  crossings: Crossings | null,
  breakGlass: PolicyDocument["breakGlass"],
  actors: readonly Actor[],
  tables: Policy["tables"],
  faults: string[],
): void {
  if (crossings === null) return
  const { people, referral, movedBy, mergedBy } = crossings
  const rule = tables.get(people)
  if (rule === undefined) faults.push(`crossings.people: ${people} is not under tables`)
  else if (rule.subject === undefined || rule.scope !== "branch")
    faults.push(`crossings.people: ${people} needs a subject column and the scope 'branch'`)
  const roles = new Map(actors.filter(({ kind }) => kind === "role").map((actor) => [actor.name, actor]))
  for (const name of [...(referral?.from ?? []), ...(referral?.to ?? []), ...movedBy, ...mergedBy])
    if (!roles.has(name)) faults.push(`crossings: ${name} is not under roles or combinations`)
    else if (roles.get(name)?.confined === true) faults.push(`crossings: ${name} is confined itself`)
  if (referral === null) {
    if (movedBy.length + mergedBy.length === 0) faults.push("crossings: write referral, movedBy or mergedBy")
    return
  }
  if (referral.role === breakGlass?.role)
    faults.push(
      `crossings.referral.role: ${referral.role} is opened by break-glass already; give referrals a role of their own`,
    )
  checkOpened(referral, roles, faults)
}

/** Confined, of one purpose, granted by nobody, and reading only unless the policy file says `writes`. */
function checkOpened(referral: Referral, roles: ReadonlyMap<string, Actor>, faults: string[]): void {
  const role = roles.get(referral.role)
  const where = "crossings.referral"
  if (role === undefined) return void faults.push(`${where}.role: ${referral.role} is not under roles`)
  if (!role.confined) faults.push(`${where}.role: write confined: true under roles.${role.name}`)
  if (role.purposes.length !== 1) faults.push(`${where}.role: ${role.name} needs exactly one purpose`)
  for (const { name, mayGrant } of roles.values())
    if (mayGrant.includes(role.name))
      faults.push(`roles.${name}.mayGrant: ${role.name} is only ever opened, by a referral`)
  for (const [table, { rules }] of role.can)
    if (!referral.writes && writing.some((action) => rules[action] !== undefined))
      faults.push(`${where}: ${role.name} may write ${table}; write writes: true, or let it read only`)
  if (referral.longestSeconds < 60) faults.push(`${where}.longest: at least a minute`)
}
