import { durationSeconds } from "./duration.js"
import type { Actor, BreakGlass, Policy } from "./policy.js"
import type { PolicyDocument } from "./schema.js"

/** PostgreSQL takes more; people who review who may do what do not. */
const mostRoles = 200

/** Who may assign what, which roles exclude each other, and which contexts may cross: what can only be said of all roles. */
export function checkAssigning(
  doc: PolicyDocument,
  actors: readonly Actor[],
  tables: Policy["tables"],
  faults: string[],
): void {
  const roles = new Map(actors.filter((actor) => actor.kind === "role").map((actor) => [actor.name, actor]))
  for (const role of roles.values()) checkGrants(role, roles, doc, faults)
  for (const role of roles.values()) if (role.confined) checkConfined(role, tables, faults)
  for (const [a, b] of doc.exclusive) {
    for (const one of [a, b]) if (!roles.has(one)) faults.push(`exclusive: ${one} is not under roles or combinations`)
    if (a === b) faults.push(`exclusive: ${a} cannot exclude itself`)
    for (const { name, countsAs } of roles.values())
      if (a !== b && countsAs.includes(a) && countsAs.includes(b))
        faults.push(`exclusive: ${name} is both ${a} and ${b}, which exclude each other`)
  }
  if (doc.breakGlass !== undefined) checkBreakGlass(doc.breakGlass, roles, faults)
  if (actors.length > mostRoles) faults.push(tooMany(actors, doc))
}

export function breakGlassOf(declared: PolicyDocument["breakGlass"]): BreakGlass | null {
  if (declared === undefined) return null
  const { longest, ...rest } = declared
  return { ...rest, longestSeconds: durationSeconds(longest) }
}

/** Nobody hands out more than their own: a granted role may itself grant no role that the granting one may not. */
function checkGrants(
  { name, mayGrant, confined }: Actor,
  roles: ReadonlyMap<string, Actor>,
  doc: PolicyDocument,
  faults: string[],
): void {
  if (confined && mayGrant.length > 0) faults.push(`roles.${name}.mayGrant: a confined role grants nothing`)
  for (const granted of mayGrant) {
    const role = roles.get(granted)
    if (role === undefined) faults.push(`roles.${name}.mayGrant: ${granted} is not under roles or combinations`)
    if (granted === doc.breakGlass?.role)
      faults.push(`roles.${name}.mayGrant: ${granted} is only ever opened, by break-glass`)
    const beyond = role?.mayGrant.filter((one) => !mayGrant.includes(one)) ?? []
    if (beyond.length > 0)
      faults.push(`roles.${name}.mayGrant: ${granted} may grant ${beyond.join(", ")}, which ${name} may not`)
  }
}

function checkConfined({ name, can }: Actor, tables: Policy["tables"], faults: string[]): void {
  for (const [table, { rules }] of can) {
    const rule = tables.get(table)
    if (Object.keys(rules).length === 0 || rule === undefined || rule.scope === "global") continue
    if (rule.subject === undefined)
      faults.push(`roles.${name}.can.${table}: the role is confined to subjects, and ${table} names none`)
  }
}

function checkBreakGlass(
  { role: opened, from, reviewedBy, longest }: NonNullable<PolicyDocument["breakGlass"]>,
  roles: ReadonlyMap<string, Actor>,
  faults: string[],
): void {
  const role = roles.get(opened)
  if (role === undefined) faults.push(`breakGlass.role: ${opened} is not under roles`)
  else if (!role.confined) faults.push(`breakGlass.role: write confined: true under roles.${opened}`)
  else if (role.purposes.length !== 1) faults.push(`breakGlass.role: ${opened} needs exactly one purpose`)
  for (const one of [...from, ...reviewedBy])
    if (!roles.has(one)) faults.push(`breakGlass: ${one} is not under roles or combinations`)
    else if (roles.get(one)?.confined === true) faults.push(`breakGlass: ${one} is confined itself`)
  if (durationSeconds(longest) < 60) faults.push("breakGlass.longest: at least a minute")
}

/** Says what to merge: combinations that another one contains, then roles with the same cells. */
function tooMany(actors: readonly Actor[], doc: PolicyDocument): string {
  const combinations = actors.filter(({ combines }) => combines.length > 0)
  const contained = combinations.flatMap((small) => {
    const big = combinations.find(
      (other) => other !== small && small.combines.every((role) => other.combines.includes(role)),
    )
    return big === undefined ? [] : [`${small.name} into ${big.name}`]
  })
  const cells = new Map<string, string[]>()
  for (const { name, can, kind } of actors) {
    const key = JSON.stringify([kind, [...can]])
    cells.set(key, [...(cells.get(key) ?? []), name])
  }
  const alike = [...cells.values()].filter((names) => names.length > 1).map((names) => names.join(" = "))
  const largest = [...combinations].sort((a, b) => b.combines.length - a.combines.length).map(({ name }) => name)
  const advice = [
    ...(contained.length > 0 ? [`one contains the other: ${contained.slice(0, 10).join(", ")}`] : []),
    ...(alike.length > 0 ? [`the same cells: ${alike.slice(0, 10).join("; ")}`] : []),
    ...(contained.length + alike.length === 0 ? [`the widest combinations: ${largest.slice(0, 10).join(", ")}`] : []),
  ]
  const count = `${Object.keys(doc.roles).length} roles, ${combinations.length} combinations and ${Object.keys(doc.services).length} services`
  return `combinations: ${count} are more than ${mostRoles} database roles; merge (${advice.join(" · ")})`
}
