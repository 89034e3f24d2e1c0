import type { Client } from "pg"
import { ident, literal } from "./sql.ts"

interface Grant {
  readonly grantee: string
  readonly privilege: string
  readonly grantable: boolean
}

interface Setting {
  readonly role: string | null
  readonly name: string
  readonly value: string
}

// The owner's grants are written as "owner": a clone may belong to somebody else.
const grantsSql = `
  select case when a.grantee = 0 then 'public' when a.grantee = d.datdba then 'owner'
              else quote_ident(pg_get_userbyid(a.grantee)) end as grantee,
         a.privilege_type as privilege, a.is_grantable as grantable
    from pg_database d, aclexplode(coalesce(d.datacl, acldefault('d', d.datdba))) a
   where d.datname = $1 order by 1, 2`

const settingsSql = `
  select case when s.setrole <> 0 then quote_ident(pg_get_userbyid(s.setrole)) end as role,
         split_part(c, '=', 1) as name, substr(c, strpos(c, '=') + 1) as value
    from pg_db_role_setting s join pg_database d on d.oid = s.setdatabase, unnest(s.setconfig) c
   where d.datname = $1`

/** Gives `clone` the privileges and settings of `template`, and fails if they do not read back the same. */
export async function copyDatabaseProperties(client: Client, template: string, clone: string): Promise<void> {
  const wanted = await grantsOf(client, template)
  const target = `database ${ident(clone)}`
  const owner = await ownerOf(client, clone)
  await client.query(`revoke all on ${target} from public, ${owner}`)
  for (const { grantee, privilege, grantable } of wanted) {
    const to = grantee === "owner" ? owner : grantee
    await client.query(`grant ${privilege} on ${target} to ${to}${grantable ? " with grant option" : ""}`)
  }
  const found = await grantsOf(client, clone)
  if (JSON.stringify(found) !== JSON.stringify(wanted)) {
    throw new Error(`privileges of ${clone} differ from ${template}: ${JSON.stringify({ wanted, found })}`)
  }
  await copySettings(client, template, target)
}

async function copySettings(client: Client, template: string, target: string): Promise<void> {
  const { rows } = await client.query<Setting>(settingsSql, [template])
  for (const { role, name, value } of rows) {
    const whose = role === null ? target : `role ${role} in ${target}`
    // Lists are stored ready to use (search_path = a, "b"); as one literal they would become one name.
    const given = name === "search_path" ? value : literal(value)
    await client.query(`alter ${whose} set ${ident(name)} = ${given}`)
  }
}

async function grantsOf(client: Client, database: string): Promise<Grant[]> {
  return (await client.query<Grant>(grantsSql, [database])).rows
}

async function ownerOf(client: Client, database: string): Promise<string> {
  const { rows } = await client.query<{ owner: string }>(
    "select quote_ident(pg_get_userbyid(datdba)) as owner from pg_database where datname = $1",
    [database],
  )
  return rows[0]?.owner ?? "public"
}
