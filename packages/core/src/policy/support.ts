import { actions } from "./actions.js"
import { durationSeconds } from "./duration.js"
import type { Actor, Permission, Policy, Support } from "./policy.js"
import type { PolicyDocument, TableRule } from "./schema.js"

export function supportOf(declared: PolicyDocument["support"]): Support | null {
  if (declared === undefined) return null
  const { role, allowedBy, longest, breakGlass = [] } = declared
  return { role, allowedBy, longestSeconds: durationSeconds(longest), breakGlass }
}

/** Masked unless somebody lists a column: what is added to a table later is not shown to the vendor by itself. */
export function checkSupport(
  { role: opened, allowedBy, longest }: NonNullable<PolicyDocument["support"]>,
  { breakGlass, consent }: PolicyDocument,
  actors: readonly Actor[],
  tables: Policy["tables"],
  faults: string[],
): void {
  const roles = new Map(actors.filter(({ kind }) => kind === "role").map((actor) => [actor.name, actor]))
  const role = roles.get(opened)
  if (role === undefined || role.combines.length > 0) faults.push(`support.role: ${opened} is not under roles`)
  else {
    if (role.confined) faults.push(`support.role: ${opened} is confined to subjects, and a support session names none`)
    if (role.purposes.length !== 1) faults.push(`support.role: ${opened} needs exactly one purpose`)
    if (role.mayGrant.length > 0) faults.push(`support.role: ${opened} may grant nothing`)
    for (const [table, permission] of role.can) checkTable(opened, table, permission, tables.get(table), faults)
  }
  for (const { name, mayGrant, combines } of roles.values()) {
    if (mayGrant.includes(opened)) faults.push(`roles.${name}.mayGrant: ${opened} is only ever opened, for support`)
    if (combines.includes(opened)) faults.push(`combinations.${name}: ${opened} is only ever opened, for support`)
  }
  if (opened === breakGlass?.role || breakGlass?.from.includes(opened) || breakGlass?.reviewedBy.includes(opened))
    faults.push(`breakGlass: ${opened} is only ever opened, for support`)
  if (consent?.recordedBy.includes(opened) || consent?.noticesBy.includes(opened))
    faults.push(`consent: ${opened} is only ever opened, for support`)
  for (const one of allowedBy) {
    if (!roles.has(one)) faults.push(`support.allowedBy: ${one} is not under roles or combinations`)
    else if (one === opened) faults.push(`support.allowedBy: ${one} cannot allow itself`)
    else if (roles.get(one)?.confined === true) faults.push(`support.allowedBy: ${one} is confined`)
  }
  if (durationSeconds(longest) < 60) faults.push("support.longest: at least a minute")
}

function checkTable(
  role: string,
  table: string,
  { rules }: Permission,
  declared: TableRule | undefined,
  faults: string[],
): void {
  const at = `roles.${role}.can.${table}`
  const more = actions.filter((action) => action !== "read" && rules[action] !== undefined)
  if (more.length > 0) faults.push(`${at}: support reads, and does not ${more.join(", ")}`)
  const columns = rules.read?.columns
  if (columns === undefined || declared?.scope === "global") return
  if (columns === "all") return void faults.push(`${at}.read: list the columns that support may see`)
  for (const [group, named] of Object.entries(declared?.columns ?? {})) {
    const shown = named.filter((column) => columns.includes(column))
    if (shown.length > 0)
      faults.push(`${at}.read: ${shown.join(", ")} belongs to the group ${group}, and is masked for support`)
  }
}
