import { randomBytes } from "node:crypto"
import { readdirSync, readFileSync } from "node:fs"
import { readFile } from "node:fs/promises"
import { join } from "node:path"
import { roleNames } from "@wardkeep/core"
import type pg from "pg"
import { describe, expect, it } from "vitest"
import { connected, withLogin } from "#tests/fixture/clinic.ts"
import { clinicPolicy } from "#tests/fixture/policy.ts"
import { useDatabase } from "#tests/harness/src/use-database.ts"
import { apply, asOwner, drift, emit, install, plan } from "./index.js"
import { sqlDirectory } from "./sql-directory.js"

const database = useDatabase()

/** Everything PostgreSQL can print about the objects of a schema, without object ids. */
async function picture(url: string, schema: string): Promise<string[]> {
  return await connected(url, async (admin) => {
    await admin.query("set search_path = pg_catalog")
    const { rows } = await admin.query<{ t: string }>(
      `with c as (select c.* from pg_class c where c.relnamespace = $1::regnamespace and c.relname not like 'migrations%')
       select 'relation ' || relname || ' ' || relkind::text || relrowsecurity || relforcerowsecurity || coalesce(obj_description(oid, 'pg_class'), '') as t from c
       union all select 'column ' || c.relname || '.' || attname || ' ' || format_type(atttypid, atttypmod) || attnotnull || attidentity::text || coalesce(pg_get_expr(adbin, adrelid), '')
         from c join pg_attribute a on a.attrelid = c.oid and attnum > 0 left join pg_attrdef d on d.adrelid = c.oid and d.adnum = attnum
       union all select 'constraint ' || c.relname || ' ' || conname || ' ' || pg_get_constraintdef(k.oid) from c join pg_constraint k on k.conrelid = c.oid
       union all select 'index ' || pg_get_indexdef(indexrelid) from c join pg_index i on i.indrelid = c.oid
       union all select 'trigger ' || pg_get_triggerdef(t.oid) || tgenabled::text from c join pg_trigger t on t.tgrelid = c.oid and not tgisinternal
       union all select 'policy ' || c.relname || polname || coalesce(pg_get_expr(polqual, polrelid), '') || coalesce(pg_get_expr(polwithcheck, polrelid), '')
         || (select string_agg(coalesce(r.rolname::text, 'public'), ',' order by r.rolname) from unnest(polroles) u(o) left join pg_roles r on r.oid = u.o) from c join pg_policy p on p.polrelid = c.oid
       union all select 'grant ' || c.relname || ' ' || coalesce(r.rolname::text, 'public') || a.privilege_type from c cross join lateral aclexplode(c.relacl) a left join pg_roles r on r.oid = a.grantee
       union all select 'function ' || pg_get_functiondef(p.oid) || coalesce(obj_description(p.oid, 'pg_proc'), '') from pg_proc p where p.pronamespace = $1::regnamespace
       order by 1`,
      [schema],
    )
    return rows.map((row) => row.t)
  })
}

async function fresh<T>(work: (ownerUrl: string, adminUrl: string) => Promise<T>): Promise<T> {
  const made = await database.cluster.database(undefined, { owner: new URL(database.ownerUrl).username })
  try {
    return await work(Object.assign(new URL(database.ownerUrl), { pathname: `/${made.name}` }).href, made.adminUrl)
  } finally {
    await made.drop()
  }
}

describe("the migrations", () => {
  it("make exactly the objects", async () => {
    const policy = clinicPolicy(`o${randomBytes(4).toString("hex")}`)
    const migrated = await fresh(async (ownerUrl, adminUrl) => {
      await connected(ownerUrl, (admin) => install({ admin, policy }))
      return await picture(adminUrl, "wardkeep")
    })
    const made = await fresh(async (ownerUrl, adminUrl) => {
      await connected(ownerUrl, async (admin) => {
        await admin.query("create schema wardkeep")
        const directory = sqlDirectory("objects")
        for (const file of readdirSync(directory).sort()) await admin.query(readFileSync(join(directory, file), "utf8"))
        await admin.query("revoke all on all functions in schema wardkeep from public")
      })
      return await picture(adminUrl, "wardkeep")
    })
    const grants = (line: string): boolean => !line.startsWith("grant ")
    expect(migrated.filter(grants)).toEqual(made.filter(grants))
    expect(migrated.length).toBeGreaterThan(100)
  })
})

/** Statement by statement, as a tool sends a file: refused without a transaction, and then in one. */
async function wrapped(client: pg.Client, sql: string): Promise<void> {
  const guard = sql.indexOf("end $$;") + "end $$;".length
  const [setting = "", check = ""] = sql.slice(0, guard).split(/(?=^do )/m)
  const run = async (): Promise<void> => {
    await client.query(setting)
    await client.query(check)
  }
  await expect(run()).rejects.toMatchObject({ code: "25P01" })
  await client.query("begin")
  await run()
  await client.query(sql.slice(guard))
  await client.query("commit")
}

describe("emit", () => {
  it("prints SQL that does what apply does, in one transaction, and nothing when there is nothing to do", async () => {
    const policy = clinicPolicy(`e${randomBytes(4).toString("hex")}`)
    const password = randomBytes(12).toString("hex")
    const build = (how: "apply" | "emit" | "wrapped by a tool") =>
      fresh(async (ownerUrl, adminUrl) => {
        await connected(ownerUrl, (admin) => install({ admin, policy, passwords: { migrator: password } }))
        await connected(withLogin(ownerUrl, { user: roleNames(policy).migrator, password }), (client) =>
          asOwner(client, policy, async () => {
            await client.query(await readFile(new URL("../../../../tests/fixture/schema.sql", import.meta.url), "utf8"))
            if (how === "apply") await apply({ client, policy })
            else if (how === "emit") await client.query(emit(await plan({ client, policy })))
            else await wrapped(client, emit(await plan({ client, policy }), { transaction: false }))
            const again = await plan({ client, policy })
            expect(again.steps).toEqual([])
            expect(emit(again)).toBe("-- nothing to do\n")
            expect(await drift({ client, policy })).toEqual([])
          }),
        )
        const schemas = ["public", "wardkeep_lookup", roleNames(policy).role("reception")]
        return (await Promise.all(schemas.map((schema) => picture(adminUrl, schema)))).flat()
      })
    const applied = await build("apply")
    expect(await build("emit")).toEqual(applied)
    expect(await build("wrapped by a tool")).toEqual(applied)
  })
})
