import type pg from "pg"

export interface RoleRow {
  readonly name: string
  readonly exempt: boolean
  readonly login: boolean
}

export async function readRoles(client: pg.Client): Promise<ReadonlyMap<string, RoleRow>> {
  const { rows } = await client.query<RoleRow>(
    `select rolname::text as name, rolsuper or rolbypassrls as exempt, rolcanlogin as login
       from pg_roles where rolname not like 'pg\\_%' order by rolname`,
  )
  return new Map(rows.map((row) => [row.name, row]))
}

/** No policy stops these; they are part of every installation and not a finding. */
export function exemptLogins(roles: ReadonlyMap<string, RoleRow>): string[] {
  return [...roles.values()].filter((role) => role.login && role.exempt).map((role) => role.name)
}
