import { type Action, type Actor, allowingRoles, handlingActions, type Policy, quoteLiteral } from "@wardkeep/core"
import type { Managed, ScopedTable } from "@wardkeep/postgres/migrate"

type Allowing = ReturnType<typeof allowingRoles>
/** By combination and purpose: the names of its roles, with a plus between them. */
type Named = Record<string, Record<string, string>>

const target = "wardkeep_audit.allowed_as"
const signature = `${target}(text, text, text, text)`

/** What writes nothing: each recording function has the cells of its own table. */
const others: readonly Action[] = ["read", ...handlingActions]

/**
 * What an event names as its role: of a combination `practitioner/doctor`, the role of it whose cell allowed the action for
 * the purpose; several with a plus between them where each of them did. Inlined where it is called: no SET clause.
 */
export function allowedAsFunction(policy: Policy, entries: readonly ScopedTable[]): Managed {
  const cells: Record<string, Record<string, Named>> = {}
  for (const { table } of entries)
    for (const action of others) {
      const named = namedRoles(policy, table.name, action)
      if (Object.keys(named).length > 0) cells[table.name] = { ...cells[table.name], [action]: named }
    }
  const found = `${quoteLiteral(JSON.stringify(cells))}::jsonb -> of_relation -> action -> of_role ->> of_purpose`
  const isNeeded = Object.keys(cells).length > 0
  return {
    id: `function ${target}`,
    phase: "support",
    why: "which role of a combination allowed what is recorded",
    create: `create or replace function ${target}(of_role text, of_purpose text, action text, of_relation text) returns text language sql immutable parallel safe return ${isNeeded ? `of_role || coalesce('/' || (${found}), '')` : "of_role"};
revoke execute on function ${signature} from public`,
    drop: "select 1",
    commentOn: `function ${signature}`,
  }
}

/**
 * The statement of a recording function that names the role for all rows that were written. With the cells of its table only:
 * a session keeps a plan of each of these functions, and the matrix of a large policy is megabytes.
 */
export function nameRole(policy: Policy, { table }: ScopedTable, action: Action): string {
  const named = namedRoles(policy, table.name, action)
  if (Object.keys(named).length === 0) return ""
  const found = `${quoteLiteral(JSON.stringify(named))}::jsonb -> c.role ->> c.purpose`
  // Not under the owner, whose name a combination may have too.
  return `if c.session_id is not null then
      c.role := c.role || coalesce('/' || (${found}), '');
    end if;
    `
}

/**
 * The role of one event, where the roles of a combination bring columns of their own: those that allow of what was written
 * more than another, or something else. A row that changes its branch was moved, which no cell allows.
 */
export function roleOfRow(
  policy: Policy,
  { table, branch, key }: ScopedTable,
  action: Action,
  touches: (columns: readonly string[]) => string,
): string {
  const arms = combinations(policy).flatMap((role) =>
    rolesByPurpose(policy, role, table.name, action).flatMap(([purpose, roles]) => {
      const parts = roles.flatMap(({ name, columns }) => (columns === "all" ? [] : [{ name, columns }]))
      if (parts.length < 2 || parts.length < roles.length) return []
      const each = parts.map(
        (part) => `case when ${isNeeded(part, parts, touches)} then ${quoteLiteral(part.name)} end`,
      )
      const whole = `${role.name}/${namesOf(roles)}`
      return [
        `when c.role = ${quoteLiteral(whole)} and c.purpose = ${quoteLiteral(purpose)} then coalesce(${quoteLiteral(`${role.name}/`)} || nullif(concat_ws('+', ${each.join(", ")}), ''), c.role)`,
      ]
    }),
  )
  if (
    action === "update" &&
    branch !== null &&
    key.length > 0 &&
    Object.keys(namedRoles(policy, table.name, action)).length > 0
  )
    arms.unshift(`when ${touches([branch.column])} then split_part(c.role, '/', 1)`)
  return arms.length === 0 ? "c.role" : `case ${arms.join(" ")} else c.role end`
}

interface Part {
  readonly name: string
  readonly columns: readonly string[]
}

/** Some column that it allows was written, and no other part allows all of those and more. */
function isNeeded(part: Part, parts: readonly Part[], touches: (columns: readonly string[]) => string): string {
  const beyond = (one: Part, other: Part): string => {
    const own = one.columns.filter((column) => !other.columns.includes(column))
    return own.length === 0 ? "false" : `(${touches(own)})`
  }
  const others = parts.filter((other) => other !== part)
  return [
    `(${touches(part.columns)})`,
    ...others.map((other) => `(${beyond(part, other)} or not ${beyond(other, part)})`),
  ].join(" and ")
}

function combinations(policy: Policy): readonly Actor[] {
  return policy.actors.filter(({ combines }) => combines.length > 0)
}

function rolesByPurpose(policy: Policy, role: Actor, table: string, action: Action): [string, Allowing][] {
  if (role.can.get(table)?.rules[action] === undefined) return []
  return role.purposes.flatMap((purpose): [string, Allowing][] => {
    const roles = allowingRoles(policy, role, table, action, purpose)
    return roles.length === 0 ? [] : [[purpose, roles]]
  })
}

function namedRoles(policy: Policy, table: string, action: Action): Named {
  const named: Named = {}
  for (const role of combinations(policy)) {
    const byPurpose = rolesByPurpose(policy, role, table, action)
    if (byPurpose.length > 0)
      named[role.name] = Object.fromEntries(byPurpose.map(([purpose, roles]) => [purpose, namesOf(roles)]))
  }
  return named
}

function namesOf(roles: Allowing): string {
  return roles.map(({ name }) => name).join("+")
}
