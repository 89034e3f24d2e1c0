import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { createIssuer, createWardkeep, type Session } from "@wardkeep/postgres"
import { apply, asOwner, exportTenants, install, restoreTenants } from "@wardkeep/postgres/migrate"
import type pg from "pg"
import { afterAll, beforeAll, expect, it } from "vitest"
import { connected, withLogin } from "#tests/fixture/clinic.ts"
import { extensions, notice, peopleSchema, said, served, useConsenting } from "#tests/fixture/consenting.ts"
import { useDatabase } from "#tests/harness/src/use-database.ts"
import { publishNotice } from "../notice/notice.js"
import { decideRequest, identifyRequest, openRequest } from "../rights/request.js"

const database = useDatabase()
const used = useConsenting(database, "bigint")
let folder = ""
let yes = ""
let objecting = ""
let reused = ""
let restricted = ""

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "wk-ledger-"))
  const { clinic } = used
  const desk: Session = await clinic.session("desk", "care")
  const published = await clinic.wk.run(await clinic.session("head", "care"), () => publishNotice(clinic.wk, notice))
  ;[yes = "", objecting = ""] = clinic.adults
  reused = await clinic.person("1985-03-01")
  for (const subject of [yes, objecting, reused]) await served(clinic, desk, published, subject)
  for (const subject of [yes, reused]) await said(clinic, desk, published, subject, { outreach: "granted" })
  await said(clinic, desk, published, objecting, { reminders: "objected", outreach: "refused" })
  restricted = await clinic.person("1979-01-01")
  await served(clinic, desk, published, restricted)
  await eraseLater(restricted, desk)
  await clinic.wk.run(desk, async () => {
    await clinic.wk.query("delete from patient where id = $1", [reused])
    const again =
      "insert into patient (id, full_name, born_on) overriding system value values ($1, 'Somebody else', '1990-01-01')"
    await clinic.wk.query(again, [reused])
  })
})
afterAll(() => rm(folder, { recursive: true, force: true }))

/** Decided, and kept for a day: until then nobody sees the person. */
async function eraseLater(subject: string, desk: Session): Promise<void> {
  const { wk, session } = used.clinic
  const tomorrow = new Date(Date.now() + 86_400_000)
  const asked = { subject, asked: "erasure", channel: "desk", dueAt: tomorrow, what: "all of it" } as const
  const request = await wk.run(desk, () => openRequest(wk, asked))
  await wk.run(desk, () => identifyRequest(wk, { request, how: "identity card seen", evidence: "note 4" }))
  const keep = [{ record: "outpatient", rule: "outpatient", cites: "x", until: tomorrow.toISOString() }]
  const decided = { request, outcome: "fulfilled", words: "Tomorrow.", contact: "privacy@x.example", keep } as const
  await wk.run(await session("head", "care"), () => decideRequest(wk, decided))
}

/** From now on, what the ledger says of each person at the moment of the insert is written down. */
const watchInserts = `
  create table watched (id text, restricted boolean);
  create function watch() returns trigger language plpgsql security definer as $$
    begin
      insert into public.watched select new.id::text, r.restricted from wardkeep_consent.reach r where r.subject = new.id::text;
      return null;
    end$$;
  create trigger zz_watch after insert on patient for each row execute function watch();`

const asMigrator = <T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> =>
  connected(withLogin(url, used.clinic.logins.migrator), work)

async function exported(name: string) {
  const directory = join(folder, name)
  const { policy } = used.clinic
  const manifest = await asMigrator(database.adminUrl, (client) =>
    asMigrator(database.adminUrl, (counter) => exportTenants({ client, counter, policy, directory, reason: "drill" })),
  )
  return { directory, manifest }
}

const restore = (url: string, directory: string) =>
  asMigrator(url, (client) => restoreTenants({ client, policy: used.clinic.policy, directory, reason: "drill" }))

async function inFresh(with_: typeof extensions, work: (url: string) => Promise<void>): Promise<void> {
  const { policy, key } = used.clinic
  const fresh = await database.cluster.database(undefined, { owner: new URL(database.ownerUrl).username })
  try {
    const ownerUrl = new URL(database.ownerUrl)
    ownerUrl.pathname = `/${fresh.name}`
    await connected(ownerUrl.href, (admin) => install({ admin, policy, extensions: with_ }))
    await asMigrator(fresh.adminUrl, (client) =>
      asOwner(client, policy, async () => {
        await client.query(peopleSchema("bigint"))
        await client.query("select wardkeep.add_key($1, $2)", [key.id, key.secret])
        if (with_.length > 0) await apply({ client, policy, extensions: with_ })
      }),
    )
    await work(fresh.adminUrl)
  } finally {
    await fresh.drop()
  }
}

const ledger = ["notice", "notice_text", "event", "carried", "standing", "reach", "rights_event", "unverified"]

async function recorded(url: string) {
  return await connected(url, async (admin) => {
    const found: Record<string, unknown[]> = {}
    for (const table of ledger) {
      // The day of birth is copied from the person where the ledger needs it, and may be there sooner after a restore.
      const row = "(to_jsonb(t) - 'born')::text"
      const text = `select ${row} as row from wardkeep_consent.${table} t order by ${row} collate "C"`
      found[table] = (await admin.query(text)).rows
    }
    const bits = "select id, wk_consent, wk_consent_until from patient order by clinic_id, branch_id, id"
    return { ...found, bits: (await admin.query(bits)).rows }
  })
}

it("a restored clinic has lost no objection, no consent and no word of a notice, and nobody inherits a consent", async () => {
  const { directory, manifest } = await exported("one")
  expect(manifest.records.map(({ table }) => table).filter((table) => table.startsWith("wardkeep_consent"))).toEqual(
    ledger.map((t) => `wardkeep_consent.${t}`),
  )
  expect(manifest.leftOut.filter((table) => table.startsWith("wardkeep_consent"))).toEqual([])
  await inFresh(extensions, async (url) => {
    await connected(url, (admin) => admin.query(watchInserts))
    await restore(url, directory)
    // Of whom an erasure was decided is hidden from the first moment on, not from the last step of the restore.
    const watched = "select restricted from watched where id = $1"
    expect(await connected(url, async (admin) => (await admin.query(watched, [restricted])).rows)).toEqual([
      { restricted: true },
    ])
    expect(await recorded(url)).toEqual(await recorded(database.adminUrl))
    const { policy, logins, key, branches } = used.clinic
    const pool = (login: typeof logins.app) => ({ connectionString: withLogin(url, login), max: 1 })
    const issuer = createIssuer({ pool: pool(logins.issuer), keyId: key.id, key: key.secret })
    const wk = createWardkeep({ pool: pool(logins.app), policy, issuer })
    try {
      const seen = async (role: string, purpose: string) => {
        const [{ clinic: tenant, branch }] = branches
        const assignments = [{ tenant, branches: [branch], role, purposes: [purpose] }]
        const session = await issuer.issueSession({ actor: "ravi", ttl: "PT1H", assignments })
        return (await wk.run(session, () => wk.query<{ id: string }>("select id::text from patient"))).rows.map(
          (r) => r.id,
        )
      }
      expect(await seen("caller", "outreach")).toEqual([yes])
      expect(await seen("desk", "reminders")).not.toContain(objecting)
      expect(await seen("desk", "care")).toContain(yes)
      expect(await seen("desk", "care")).not.toContain(restricted)
    } finally {
      await wk.close()
      await issuer.close()
    }
    // The new log got the ledger from the restore, and says so.
    const actors = "select distinct actor from wardkeep_audit.event where verb = 'consent'"
    expect(await connected(url, async (admin) => (await admin.query(actors)).rows)).toEqual([
      { actor: "system:restore" },
    ])
  })
})

it("a database without a place for the ledger, and a manifest that lost it, are refused", async () => {
  const { directory } = await exported("two")
  await inFresh([], async (url) => {
    await expect(restore(url, directory)).rejects.toMatchObject({ code: "WK307" })
    expect(await connected(url, async (admin) => (await admin.query("select from clinic")).rowCount)).toBe(0)
  })
  const path = join(directory, "manifest.json")
  const manifest = JSON.parse(await readFile(path, "utf8"))
  await writeFile(path, JSON.stringify({ ...manifest, records: manifest.records.slice(0, 3) }))
  await expect(restore(database.adminUrl, directory)).rejects.toThrow("not of format wardkeep-export-3")
})
