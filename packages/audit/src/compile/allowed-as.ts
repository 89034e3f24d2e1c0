import { type Action, type Actor, actions, allowingRoles, type Policy, quoteLiteral } from "@wardkeep/core"
import type { Managed, ScopedTable } from "@wardkeep/postgres/migrate"

type Allowing = ReturnType<typeof allowingRoles>

const target = "wardkeep_audit.allowed_as"
const signature = `${target}(text, text, text, text)`

/**
 * What an event names as its role: of a combination `practitioner/doctor`, the role of it whose cell allowed the action for
 * the purpose; several with a plus between them where each of them did. Inlined where it is called: no SET clause.
 */
export function allowedAsFunction(policy: Policy, entries: readonly ScopedTable[]): Managed {
  const cells = entries.flatMap(({ table }) => {
    const byRole = combinations(policy).flatMap((role) => {
      const byAction = actions.flatMap((action) => {
        const byPurpose = rolesByPurpose(policy, role, table.name, action)
        return byPurpose.length === 0
          ? []
          : [[action, Object.fromEntries(byPurpose.map(([purpose, roles]) => [purpose, namesOf(roles)]))]]
      })
      return byAction.length === 0 ? [] : [[role.name, Object.fromEntries(byAction)]]
    })
    return byRole.length === 0 ? [] : [[table.name, Object.fromEntries(byRole)]]
  })
  const found = `${quoteLiteral(JSON.stringify(Object.fromEntries(cells)))}::jsonb -> of_relation -> of_role -> action ->> of_purpose`
  return {
    id: `function ${target}`,
    phase: "support",
    why: "which role of a combination allowed what is recorded",
    create: `create or replace function ${target}(of_role text, of_purpose text, action text, of_relation text) returns text language sql immutable parallel safe return ${cells.length === 0 ? "of_role" : `of_role || coalesce('/' || (${found}), '')`};
revoke execute on function ${signature} from public`,
    drop: "select 1",
    commentOn: `function ${signature}`,
  }
}

/** The statement of a recording function that names the role for all rows that were written. */
export function nameRole(policy: Policy, { table }: ScopedTable, action: Action): string {
  const isHeld = combinations(policy).some(({ can }) => can.get(table.name)?.rules[action] !== undefined)
  // Not under the owner, whose name a combination may have too.
  return isHeld
    ? `if c.session_id is not null then
      c.role := ${target}(c.role, c.purpose, '${action}', ${quoteLiteral(table.name)});
    end if;
    `
    : ""
}

/** The role of one event, where the roles of a combination bring columns of their own: those whose columns were written. */
export function roleOfRow(
  policy: Policy,
  { table }: ScopedTable,
  action: Action,
  touches: (columns: readonly string[]) => string,
): string {
  const arms = combinations(policy).flatMap((role) =>
    rolesByPurpose(policy, role, table.name, action).flatMap(([purpose, roles]) => {
      const parts = roles.flatMap(({ name, columns }) => (columns === "all" ? [] : [{ name, columns }]))
      if (parts.length < 2 || parts.length < roles.length) return []
      const each = parts.map(({ name, columns }) => `case when ${touches(columns)} then ${quoteLiteral(name)} end`)
      const whole = `${role.name}/${namesOf(roles)}`
      return [
        `when c.role = ${quoteLiteral(whole)} and c.purpose = ${quoteLiteral(purpose)} then coalesce(${quoteLiteral(`${role.name}/`)} || nullif(concat_ws('+', ${each.join(", ")}), ''), c.role)`,
      ]
    }),
  )
  return arms.length === 0 ? "c.role" : `case ${arms.join(" ")} else c.role end`
}

function combinations(policy: Policy): readonly Actor[] {
  return policy.actors.filter(({ combines }) => combines.length > 0)
}

function rolesByPurpose(policy: Policy, role: Actor, table: string, action: Action): [string, Allowing][] {
  return role.purposes.flatMap((purpose): [string, Allowing][] => {
    const roles = allowingRoles(policy, role, table, action, purpose)
    return roles.length === 0 ? [] : [[purpose, roles]]
  })
}

function namesOf(roles: Allowing): string {
  return roles.map(({ name }) => name).join("+")
}
