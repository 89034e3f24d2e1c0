import { execFileSync } from "node:child_process"
import { generateKeyPairSync } from "node:crypto"
import { join } from "node:path"
import { asOwner } from "@wardkeep/postgres/migrate"
import type pg from "pg"
import { afterAll, beforeAll, expect, it } from "vitest"
import { installAudited } from "#tests/fixture/audited.ts"
import { type Clinic, connected, withLogin } from "#tests/fixture/clinic.ts"
import { type Grant, inContext, issueBySql } from "#tests/fixture/token.ts"
import { type EmbeddedServer, startEmbedded } from "#tests/harness/src/embedded.ts"
import { useDatabase } from "#tests/harness/src/use-database.ts"
import { readCoverage } from "../read/coverage.js"
import { trustedKeys, type Verification, verifyDatabase } from "../verify/index.js"
import { signerFrom } from "./note.js"
import { rebase } from "./rebase.js"
import { openSealer } from "./sealer.js"

const database = useDatabase()
// Of version 15, which refuses a newer server; the embedded 18 comes without a pg_dump of its own.
const bin = process.env.WARDKEEP_PG15_BIN ?? "/usr/lib/postgresql/15/bin"
const { privateKey, publicKey } = generateKeyPairSync("ed25519")
const signer = signerFrom(privateKey.export({ type: "pkcs8", format: "pem" }).toString())
const keys = trustedKeys([publicKey.export({ type: "spki", format: "pem" }).toString()])
let clinic: Clinic
let doctor: Grant
let other: EmbeddedServer

const owned = <T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> =>
  connected(withLogin(url, clinic.logins.migrator), (client) => asOwner(client, clinic.policy, () => work(client)))
const write = (url: string, phone: string): Promise<unknown> =>
  connected(withLogin(url, clinic.logins.app), (client) =>
    inContext(client, doctor, () => client.query("update patient set phone = $1", [phone])),
  )
const asked = () => ({ deployment: clinic.policy.deployment, signer })
const sealAt = (url: string): Promise<string> =>
  owned(url, async (client) => {
    const sealer = await openSealer({ client, ...asked(), heartbeat: 0 })
    const { checkpoint } = await sealer.seal()
    await sealer.close()
    return checkpoint ?? ""
  })
const verified = (url: string, anchors: string[]): Promise<Verification> =>
  connected(url, (client) => verifyDatabase({ client, keys, anchors }))

/** What is there, and in which of the three numbers a transaction may have: older than all here, of here, or yet to come. */
async function facts(
  url: string,
): Promise<{ events: number; sealed: number; next: string; oldest: string; newest: string }> {
  const { rows } = await connected(url, (client) =>
    client.query(`select count(*)::int as events, count(distinct l.event)::int as sealed, pg_snapshot_xmax(pg_current_snapshot())::text as next,
      min(e.xid)::text as oldest, max(e.xid)::text as newest from wardkeep_audit.event e left join wardkeep_audit.leaf l on l.event = e.id and l.xid = e.xid`),
  )
  return rows[0]
}

beforeAll(async () => {
  clinic = await installAudited(database.ownerUrl)
  const [first] = clinic.branches
  const grants = await issueBySql(database.ownerUrl, clinic, [
    { role: "doctor", tenant: first.clinic, branches: [first.branch], purposes: ["care"] },
  ])
  doctor = grants[0] as Grant
  other = await startEmbedded({ binaries: bin })
})

afterAll(() => other?.stop())

it("a dump restored into another cluster is sealed on, each event once, also when its own transactions get the old numbers", async () => {
  const here = database.adminUrl
  // More transactions than the other cluster has had, so that what is dumped has numbers that are yet to come there.
  await connected(here, (client) => burn(client, 3000))
  for (const phone of ["1", "2"]) {
    await write(here, phone)
    await sealAt(here)
  }
  const anchor = await sealAt(here)
  await write(here, "not sealed when it was dumped")
  const run = (program: string, args: string[], input?: string): string =>
    execFileSync(join(bin, program), args, {
      encoding: "utf8",
      input,
      maxBuffer: 256 * 1024 * 1024,
      stdio: ["pipe", "pipe", "ignore"],
    })
  const roles = run("pg_dumpall", ["--roles-only", "--no-role-passwords", "--dbname", here])
  const dump = run("pg_dump", ["--dbname", here])
  await connected(other.url, (client) => client.query("create database restored"))
  const there = new URL(other.url)
  there.pathname = "/restored"
  run("psql", ["--quiet", "--dbname", other.url], roles)
  for (const { user, password } of Object.values(clinic.logins))
    await connected(other.url, (client) => client.query(`alter role "${user}" password '${password}'`))
  run("psql", ["--quiet", "--set", "ON_ERROR_STOP=1", "--dbname", there.href], dump)
  const url = there.href

  await write(url, "between restore and rebase")
  await expect(sealAt(url)).rejects.toMatchObject({ code: "WK404" })
  const before = await facts(url)
  expect(BigInt(before.next)).toBeLessThan(BigInt(before.newest))
  const tenant = clinic.branches[0].clinic
  const waiting = (await owned(url, (client) => readCoverage(client, tenant))).unsealed
  expect(waiting).toBe(before.events - before.sealed)
  expect((await verified(url, [anchor])).verdicts).toMatchObject([{ name: "UNSEALED", count: waiting }])

  const done = await owned(url, (client) => rebase({ client, ...asked(), anchor, reason: "another host" }))
  expect(done).toMatchObject({ lost: 0, unsealed: waiting, events: waiting + 1 })
  await write(url, "after it")
  const afterwards = await facts(url)
  expect((await owned(url, (client) => readCoverage(client, tenant))).unsealed).toBe(
    afterwards.events - afterwards.sealed,
  )
  await sealAt(url)
  await connected(url, (client) => burn(client, Number(before.newest) - Number(afterwards.next) + 100))
  await write(url, "with a number beyond all of them")
  const newest = await sealAt(url)
  const whole = await facts(url)
  expect(BigInt(whole.next)).toBeGreaterThan(BigInt(before.newest))
  expect(whole.sealed).toBe(whole.events)
  expect((await owned(url, (client) => readCoverage(client, tenant))).unsealed).toBe(0)
  const found = await verified(url, [anchor, done.checkpoint, newest])
  expect(found).toMatchObject({ ok: true, anchored: true, verdicts: [{ name: "REBASED", count: 0 }] })
}, 60_000)

/** Uses up so many numbers of transactions. */
async function burn(client: pg.Client, count: number): Promise<void> {
  await client.query(`do $$ begin for i in 1..${count} loop perform pg_current_xact_id(); commit; end loop; end $$`)
}
