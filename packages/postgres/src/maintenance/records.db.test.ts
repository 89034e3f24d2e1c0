import { randomBytes } from "node:crypto"
import { appendFile, mkdtemp, readFile, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { createIssuer, createWardkeep, type Issuer, type Wardkeep } from "@wardkeep/postgres"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { useAssigned } from "#tests/fixture/assigned.ts"
import { connected, withLogin } from "#tests/fixture/clinic.ts"
import { useDatabase } from "#tests/harness/src/use-database.ts"
import { narrowRole } from "../assign/assignments.js"
import { declareBreakGlass, openReviews, reviewBreakGlass } from "../assign/break-glass.js"
import { apply, asOwner, exportTenants, install, restoreTenants } from "../migrate/index.js"

const database = useDatabase()
const clinic = useAssigned(database)
const tables = ["narrowing", "assignment", "break_glass", "move"]
const records = tables.map((name) => `wardkeep.${name}`)
let folder: string
let open = ""

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "wk-records-"))
  await clinic.grant("chief", "chief", 0, { scope: "all" })
  await clinic.grant("doctor", "doctor", 0)
  await clinic.grant("gone", "reception", 0)
  await clinic.grant("other", "doctor", 2)
  await clinic.admin(
    "update wardkeep.assignment set revoked_at = now(), revoked_by = 'chief', revoke_reason = 'left' where actor = 'gone'",
  )
  const [chief, doctor] = [await clinic.session("chief"), await clinic.session("doctor")]
  const [first, second] = clinic.places[1].patients
  const declare = (subject = "") =>
    declareBreakGlass(clinic.wk, {
      branch: clinic.places[1].branch,
      subject,
      reason: "unconscious",
      explanation: "a fall\tat home",
      minutes: 10,
    })
  const reviewed = await clinic.wk.run(doctor, () => declare(first))
  open = await clinic.wk.run(doctor, () => declare(second))
  await clinic.wk.run(chief, () =>
    reviewBreakGlass(clinic.wk, { id: reviewed, verdict: "justified", note: "seen in the notes" }),
  )
  const [{ clinic: tenant, branch: here }, { branch: there }] = clinic.places
  await clinic.admin(
    `insert into wardkeep.referral (tenant, from_branch, to_branch, subject, records, basis, referred_by, referred_as, session_id, valid_until)
     values ($1, $2, $3, 'x', '{public.visit}', 'second_opinion', 'doctor', 'doctor', gen_random_uuid(), now() + interval '1 hour')`,
    [tenant, here, there],
  )
  await clinic.admin(
    `insert into wardkeep.move (tenant, from_branch, to_branch, subject, reason, moved_by, moved_as, rows)
     values ($1, $2, $3, 'x', 'lives there', 'chief', 'chief', '{"public.patient": 1}')`,
    [tenant, here, there],
  )
  await clinic.admin(
    `insert into wardkeep.support (tenant, actor, reason, code, allowed_by, allowed_as, valid_until)
     values ($1, 'vendor', 'ticket', null, 'chief', 'chief', now() + interval '1 hour'), ($1, 'vendor', 'down', 'system_down', 'vendor', 'vendor', now() + interval '1 hour')`,
    [tenant],
  )
  await clinic.wk.run(chief, () =>
    narrowRole(clinic.wk, clinic.host.policy, {
      role: "doctor",
      taken: { action: "delete", table: "visit" },
      reason: "house rule",
    }),
  )
})
afterAll(() => rm(folder, { recursive: true, force: true }))

const asMigrator = <T>(url: string, work: (client: import("pg").Client) => Promise<T>): Promise<T> =>
  connected(withLogin(url, clinic.host.logins.migrator), work)

const exportTo = (directory: string) =>
  asMigrator(database.adminUrl, (client) =>
    asMigrator(database.adminUrl, (counter) =>
      exportTenants({ client, counter, policy: clinic.host.policy, directory, reason: "drill" }),
    ),
  )

/** A fresh database of the same deployment, with a key to sign with. */
async function freshDatabase(): Promise<{ url: string; key: Buffer; drop: () => Promise<void> }> {
  const { policy } = clinic.host
  const fresh = await database.cluster.database(undefined, { owner: new URL(database.ownerUrl).username })
  const ownerUrl = new URL(database.ownerUrl)
  ownerUrl.pathname = `/${fresh.name}`
  await connected(ownerUrl.href, (admin) => install({ admin, policy }))
  const key = randomBytes(32)
  await asMigrator(fresh.adminUrl, (client) =>
    asOwner(client, policy, async () => {
      await client.query(await readFile(new URL("../../../../tests/fixture/schema.sql", import.meta.url), "utf8"))
      await client.query("select wardkeep.add_key('k001', $1)", [key])
      await apply({ client, policy })
    }),
  )
  return { url: fresh.adminUrl, key, drop: fresh.drop }
}

async function inFresh(work: (fresh: { url: string; issuer: Issuer; wk: Wardkeep }) => Promise<void>): Promise<void> {
  const { url, key, drop } = await freshDatabase()
  const { policy, logins } = clinic.host
  const issuer = createIssuer({ pool: { connectionString: withLogin(url, logins.issuer), max: 1 }, keyId: "k001", key })
  const wk = createWardkeep({ pool: { connectionString: withLogin(url, logins.app), max: 1 }, policy, issuer })
  try {
    await work({ url, issuer, wk })
  } finally {
    await wk.close()
    await issuer.close()
    await drop()
  }
}

const restore = (url: string, directory: string) =>
  asMigrator(url, (client) => restoreTenants({ client, policy: clinic.host.policy, directory, reason: "drill" }))

async function recorded(url: string): Promise<unknown[]> {
  return await connected(url, async (admin) => {
    const found: unknown[] = []
    for (const table of records)
      found.push((await admin.query(`select t::text from ${table} t order by t::text collate "C"`)).rows)
    return found
  })
}

describe("a restore", () => {
  it("gives back what was taken, assigned, declared and reviewed, as it was recorded", async () => {
    const directory = join(folder, "one")
    const manifest = await exportTo(directory)
    expect(manifest.records.map(({ table, rows }) => [table, rows])).toEqual([
      ["wardkeep.narrowing", 1],
      ["wardkeep.assignment", 4],
      ["wardkeep.break_glass", 2],
      ["wardkeep.referral", 1],
      ["wardkeep.move", 1],
      ["wardkeep.support", 2],
    ])
    const [a, b] = [clinic.places[0].clinic, clinic.places[2].clinic]
    expect(manifest.records[1]?.tenants).toEqual({ [a]: 3, [b]: 1 })
    await inFresh(async ({ url, issuer, wk }) => {
      await restore(url, directory)
      expect(await recorded(url)).toEqual(await recorded(database.adminUrl))
      // Support sessions and referrals come back as a record: whoever ended one after the export ended it for good.
      for (const [table, n] of [
        ["support", 2],
        ["referral", 1],
      ]) {
        const over = `select ended_at, valid_until <= clock_timestamp() as over, count(*)::int as n from wardkeep.${table} group by 1, 2`
        expect(await connected(url, async (admin) => (await admin.query(over)).rows)).toEqual([
          { ended_at: null, over: true, n },
        ])
      }
      const doctor = await issuer.issueSession({ actor: "doctor", ttl: "PT1H" })
      expect((await wk.run(doctor, () => wk.query("select from patient"))).rowCount).toBe(2)
      expect((await wk.run(doctor, () => wk.query("delete from visit"))).rowCount).toBe(0)
      const chief = await issuer.issueSession({ actor: "chief", ttl: "PT1H" })
      expect((await wk.run(chief, () => openReviews(wk))).map(({ id }) => id)).toEqual([open])
      // Its session stayed behind.
      await expect(issuer.openBreakGlass({ id: open, session: doctor })).rejects.toMatchObject({ code: "WK207" })
      await expect(issuer.issueSession({ actor: "gone", ttl: "PT1H" })).rejects.toMatchObject({ code: "WK202" })
      const lines = "select detail ->> 'records' as n from wardkeep.activity where kind = 'restore'"
      expect(await connected(url, async (admin) => (await admin.query(lines)).rows)).toEqual([{ n: "11" }])
    })
  })

  it("is refused when records are there already, changed, or missing in the manifest", async () => {
    const directory = join(folder, "two")
    await exportTo(directory)
    await inFresh(async ({ url }) => {
      const text = await readFile(join(directory, "manifest.json"), "utf8")
      const manifest = JSON.parse(text)
      const cut = { ...manifest, records: manifest.records.slice(1) }
      await writeFile(join(directory, "manifest.json"), JSON.stringify(cut))
      await expect(restore(url, directory)).rejects.toThrow("not of format wardkeep-export-3")
      await writeFile(join(directory, "manifest.json"), text)
      await connected(url, (admin) =>
        admin.query(
          "insert into wardkeep.narrowing (tenant, role, what, reason, narrowed_by) values ('x', 'y', 'role', 'z', 'z')",
        ),
      )
      await expect(restore(url, directory)).rejects.toThrow("wardkeep.narrowing is not empty")
      await appendFile(join(directory, "wardkeep.assignment.copy"), "x")
      await expect(restore(url, directory)).rejects.toThrow(
        "wardkeep.assignment.copy is not the file that was exported",
      )
    })
  })
})

describe("an export", () => {
  it("holds the records of a tenant that is gone", async () => {
    await clinic.admin(
      "insert into wardkeep.narrowing (tenant, role, what, reason, narrowed_by) values ('gone', 'doctor', 'role', 'closed', 'chief')",
    )
    const { records } = await exportTo(join(folder, "three"))
    expect(records[0]?.tenants).toEqual({ [clinic.places[0].clinic]: 1, gone: 1 })
  })

  it("names what it leaves out: a new table of the schema is there, or carried, or made again", async () => {
    expect((await exportTo(join(folder, "four"))).leftOut).toEqual([
      "wardkeep.activity",
      // A clinic that comes back agrees anew: what was published of it stays, and is in nobody's export.
      "wardkeep.aggregate_agreement",
      "wardkeep.aggregate_contribution",
      "wardkeep.aggregate_figure",
      "wardkeep.aggregate_release",
      "wardkeep.session",
      "wardkeep.signing_key",
      "wardkeep.token",
      "wardkeep.used_nonce",
    ])
  })
})
