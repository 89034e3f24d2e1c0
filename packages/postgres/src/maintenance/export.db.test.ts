import { randomUUID } from "node:crypto"
import { appendFile, mkdtemp, readdir, readFile, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { type Clinic, connected, installClinic, withLogin } from "#tests/fixture/clinic.ts"
import { asMigrator, asTableOwner } from "#tests/fixture/migrator.ts"
import { inContext, issueBySql } from "#tests/fixture/token.ts"
import { type UsedDatabase, useDatabase } from "#tests/harness/src/use-database.ts"
import {
  apply,
  asOwner,
  exportTenants,
  install,
  maintenance,
  plan,
  restoreTenants,
  type Strategy,
  useStrategy,
} from "../migrate/index.js"

let database: UsedDatabase
let clinic: Clinic
let folder: string

/** Installed under the strategy before the tests of the block. */
function installed(strategy: Strategy): void {
  // Only a superuser may grant the parameter of the accelerated strategy.
  const mine = useDatabase(strategy === "accelerated" ? { owner: "superuser" } : {})
  beforeAll(async () => {
    database = mine
    clinic = await installClinic(database.ownerUrl, { patients: 50, strategy })
    folder = await mkdtemp(join(tmpdir(), "wk-export-"))
    await asTableOwner(database.adminUrl, clinic, (owner) =>
      owner.query("select wardkeep.set_branch_group($1, 'both', $2)", [
        clinic.branches[0].clinic,
        [clinic.branches[0].branch, clinic.branches[1].branch],
      ]),
    )
  })

  afterAll(async () => {
    await rm(folder, { recursive: true, force: true })
  })
}

const tables = [
  "clinic",
  "branch",
  "drug",
  "staff",
  "patient",
  "visit",
  "note",
  "patient_word",
  "wardkeep_lookup.staff_by_email_row",
  "wardkeep.known_branch",
  "wardkeep.branch_group",
]

async function digests(url: string): Promise<Record<string, unknown>> {
  return await connected(url, async (admin) => {
    const found: Record<string, unknown> = {}
    for (const table of tables) {
      const { rows } = await admin.query(
        `select count(*)::int as n, md5(coalesce(string_agg(t::text, '|' order by t::text collate "C"), '')) as digest from ${table} t`,
      )
      found[table] = rows[0]
    }
    return found
  })
}

async function exportTo(directory: string) {
  return await asMigrator(database.adminUrl, clinic, (client) =>
    asMigrator(database.adminUrl, clinic, (counter) =>
      exportTenants({ client, counter, policy: clinic.policy, directory, reason: "drill" }),
    ),
  )
}

/** A fresh database with the same deployment's roles: installed, migrated, the policy applied, no rows. */
async function freshDatabase(strategy: Strategy): Promise<{ url: string; drop: () => Promise<void> }> {
  const owner = new URL(database.ownerUrl).username
  const fresh = await database.cluster.database(undefined, { owner })
  const ownerUrl = new URL(database.ownerUrl)
  ownerUrl.pathname = `/${fresh.name}`
  await connected(ownerUrl.href, async (admin) => {
    await install({ admin, policy: clinic.policy })
    if (strategy === "accelerated") await useStrategy(admin, clinic.policy, strategy)
  })
  await connected(withLogin(fresh.adminUrl, clinic.logins.migrator), (migrator) =>
    asOwner(migrator, clinic.policy, async () => {
      await migrator.query(await readFile(new URL("../../../../tests/fixture/schema.sql", import.meta.url), "utf8"))
      await apply({ client: migrator, policy: clinic.policy })
    }),
  )
  return { url: fresh.adminUrl, drop: fresh.drop }
}

describe.each<Strategy>(["portable", "accelerated"])("an export under the %s strategy", (strategy) => {
  installed(strategy)

  it("goes into a fresh database with the same rows, words, look-ups and groups", async () => {
    const directory = join(folder, "one")
    const manifest = await exportTo(directory)
    expect(manifest.tables.map((table) => table.table.replace("public.", ""))).toEqual([
      "clinic",
      "branch",
      "drug",
      "staff",
      "patient",
      "visit",
      "note",
    ])
    expect(manifest.tables.find((table) => table.table === "public.patient")?.rows).toBe(150)
    expect(manifest.notCovered).toEqual([])
    const fresh = await freshDatabase(strategy)
    try {
      const restored = await connected(withLogin(fresh.url, clinic.logins.migrator), (client) =>
        restoreTenants({ client, policy: clinic.policy, directory, reason: "drill" }),
      )
      expect(restored.tables).toBe(7)
      expect(await digests(fresh.url)).toEqual(await digests(database.adminUrl))
      await connected(withLogin(fresh.url, clinic.logins.migrator), (client) =>
        asOwner(client, clinic.policy, async () => {
          expect((await plan({ client, policy: clinic.policy })).steps).toEqual([])
        }),
      )
      await expect(
        connected(withLogin(fresh.url, clinic.logins.migrator), (client) =>
          restoreTenants({ client, policy: clinic.policy, directory, reason: "again" }),
        ),
      ).rejects.toThrow("is not empty")
    } finally {
      await fresh.drop()
    }
  })

  it("holds every branch of a tenant when somebody left one on the session", async () => {
    await asMigrator(database.adminUrl, clinic, async (client) => {
      await client.query("select set_config('wardkeep.branch', $1, false)", [clinic.branches[0].branch])
      const { tables } = await asMigrator(database.adminUrl, clinic, (counter) =>
        exportTenants({ client, counter, policy: clinic.policy, directory: join(folder, "narrowed"), reason: "drill" }),
      )
      expect(tables.find((table) => table.table === "public.patient")?.rows).toBe(150)
    })
  })
})

describe("an export", () => {
  installed("portable")

  it("holds exactly the counted rows while the application goes on writing", async () => {
    let writing = true
    const [{ clinic: tenant, branch }] = clinic.branches
    const [doctor] = await issueBySql(database.adminUrl, clinic, [{ role: "doctor", tenant, branches: [branch] }])
    const insert = "insert into patient (full_name) values ('Late')"
    const writer = connected(withLogin(database.adminUrl, clinic.logins.app), async (app) => {
      while (writing) await inContext(app, doctor!, () => app.query(insert))
    })
    try {
      for (const name of ["two", "three"]) expect((await exportTo(join(folder, name))).tables).toHaveLength(7)
    } finally {
      writing = false
      await writer
    }
  })

  it("fails, and leaves no manifest, when rows belong to a branch that does not exist", async () => {
    const directory = join(folder, "orphans")
    const ghost = randomUUID()
    await connected(database.adminUrl, async (admin) => {
      await admin.query("alter table staff drop constraint staff_clinic_id_fkey")
      await admin.query("insert into staff (clinic_id, name, email) values ($1, 'ghost', 'ghost')", [ghost])
    })
    await expect(exportTo(directory)).rejects.toMatchObject({
      code: "WK307",
      message: expect.stringContaining("public.staff: 1 rows were counted that no tenant's context shows"),
    })
    expect(await readdir(directory)).not.toContain("manifest.json")
    await asMigrator(database.adminUrl, clinic, (client) =>
      maintenance({ client, policy: clinic.policy, tables: ["staff", "clinic"], reason: "orphan" }, async (q) => {
        await q.query("delete from staff where clinic_id = $1", [ghost])
        await q.query("alter table staff add foreign key (clinic_id) references clinic")
      }),
    )
  })

  it("is refused when a file was changed, when it is unfinished, and when its directory is in use", async () => {
    const directory = join(folder, "changed")
    await exportTo(directory)
    await expect(exportTo(directory)).rejects.toThrow("must be empty")
    await appendFile(join(directory, "0002-public.drug.copy"), "3\tmorphine\n")
    await asMigrator(database.adminUrl, clinic, async (client) => {
      const restore = (where: string) =>
        restoreTenants({ client, policy: clinic.policy, directory: where, reason: "x" })
      await expect(restore(directory)).rejects.toThrow("is not the file that was exported")
      await expect(restore(folder)).rejects.toThrow("no finished export")
    })
  })
})
