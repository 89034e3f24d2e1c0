import { generateKeyPairSync } from "node:crypto"
import { cp, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { apply, asOwner, runMigrations, useStrategy } from "@wardkeep/postgres/migrate"
import type pg from "pg"
import { beforeAll, expect, it } from "vitest"
import { emptyFolder } from "#tests/cli/run-cli.ts"
import { installAudited } from "#tests/fixture/audited.ts"
import { type Clinic, connected, withLogin } from "#tests/fixture/clinic.ts"
import { useDatabase } from "#tests/harness/src/use-database.ts"
import { audit } from "../compile/audit.js"
import { trustedKeys, verifyDatabase } from "../verify/index.js"
import { captureState } from "./capture.js"
import { signerFrom } from "./note.js"
import { openSealer } from "./sealer.js"

const database = useDatabase()
const { privateKey, publicKey } = generateKeyPairSync("ed25519")
const signer = signerFrom(privateKey.export({ type: "pkcs8", format: "pem" }).toString())
const keys = trustedKeys([publicKey.export({ type: "spki", format: "pem" }).toString()])
let clinic: Clinic

const admin = <T>(work: (client: pg.Client) => Promise<T>): Promise<T> => connected(database.adminUrl, work)
const owned = <T>(work: (client: pg.Client) => Promise<T>): Promise<T> =>
  connected(withLogin(database.ownerUrl, clinic.logins.migrator), (client) =>
    asOwner(client, clinic.policy, () => work(client)),
  )
const seal = (path = "public"): Promise<unknown> =>
  owned(async (client) => {
    await client.query("select set_config('search_path', $1, false)", [path])
    const sealer = await openSealer({ client, deployment: clinic.policy.deployment, signer, heartbeat: 0 })
    await sealer.seal()
    await sealer.close()
  })
const verdicts = async (): Promise<string[]> =>
  (await admin((client) => verifyDatabase({ client, keys }))).verdicts.map(({ name, message }) => `${name} ${message}`)
/** What the verifier says of a batch that was sealed before and one after; of whatever it says then it said something at once. */
async function saidOf(change: () => Promise<unknown>): Promise<string[]> {
  // Of the database as it is, not of a batch.
  const ofBatches = async () => (await verdicts()).filter((said) => !said.includes("got round now"))
  await seal()
  const told = await ofBatches()
  await change()
  const atOnce = (await verdicts()).slice(told.length)
  await seal()
  const said = (await ofBatches()).slice(told.length)
  expect(atOnce.length, atOnce.join()).toBe(said.length)
  return said
}

beforeAll(async () => {
  clinic = await installAudited(database.ownerUrl)
})

it.each([
  "wardkeep.in_force()",
  "wardkeep.verified()",
  "wardkeep.held(text)",
  "wardkeep_audit.context()",
  "wardkeep_audit.record_truncate()",
])("%s, given another body behind the back of the log, is a gap of capture", async (name) => {
  const replaced = async (): Promise<void> =>
    await admin(async (client) => {
      const { rows } = await client.query<{ set: string }>(
        "select format('alter function %s set work_mem = ''5MB''', $1::regprocedure) as set",
        [name],
      )
      await client.query(rows[0]?.set ?? "")
    })
  expect(await saidOf(replaced)).toEqual([
    expect.stringMatching(/^GAP_OF_CAPTURE capture was changed without an apply/),
  ])
})

it.each([
  ["a trigger that is dropped", "drop trigger wk_audit_update on visit"],
  [
    "a trigger that is switched off and on",
    "alter table visit disable trigger wk_audit_insert; alter table visit enable always trigger wk_audit_insert",
  ],
  ["a function that has another body", "alter function wardkeep.held(text) set work_mem = '8MB'"],
])("%s is a gap of capture at once, and no other one once it is sealed", async (_, change) => {
  const changed = (): Promise<unknown> => admin((client) => client.query(change))
  const since =
    /^GAP_OF_CAPTURE capture was changed without an apply, since [^:]+:\d\d:\d\d[^:]+: (\d+) triggers recorded then, (\d+) do now$/
  await seal()
  const told = await verdicts()
  await changed()
  const said = (await verdicts()).slice(told.length)
  expect(said).toEqual([expect.stringMatching(since)])
  const [, then, now] = since.exec(said[0] ?? "") ?? []
  expect(Number(then) - Number(now)).toBe(change.startsWith("drop") ? 1 : 0)
  await seal()
  expect((await verdicts()).at(-1)).toMatch(/^GAP_OF_CAPTURE capture was changed without an apply, between/)
  // Put back: whoever comes next begins with what was applied.
  await owned((client) => apply({ client, policy: clinic.policy, extensions: [audit] }))
})

it("an apply that commits while a batch is made changes nothing of what that batch says", async () => {
  await owned(async (client) => {
    await client.query("begin isolation level repeatable read")
    await client.query("select from wardkeep_audit.seal_state")
    const before = await captureState(client)
    await admin((other) => other.query("alter function wardkeep.held(text) set work_mem = '7MB'"))
    expect(await captureState(client)).toBe(before)
    await client.query("commit")
    expect(await captureState(client)).not.toBe(before)
  })
  await admin((other) => other.query("alter function wardkeep.held(text) reset work_mem"))
})

it("what a migration, a strategy or an apply changes is none, nor is another search path", async () => {
  const migrated = async (): Promise<void> => {
    const directory = await emptyFolder()
    await cp(fileURLToPath(new URL("../../../postgres/sql/migrations", import.meta.url)), directory, {
      recursive: true,
    })
    const changed = "alter function wardkeep.verified() set work_mem = '6MB'"
    await writeFile(join(directory, "0002_changed.sql"), changed)
    const applied = await owned((client) => runMigrations(client, [{ schema: "wardkeep", directory }]))
    expect(applied).toEqual(["0002_changed.sql"])
  }
  for (const strategy of ["accelerated", "portable"] as const)
    expect(await saidOf(() => admin((client) => useStrategy(client, clinic.policy, strategy)))).toEqual([])
  const { audit: _, ...patient } = clinic.policy.tables.get("public.patient") ?? { scope: "branch" }
  const policy = { ...clinic.policy, tables: new Map(clinic.policy.tables).set("public.patient", patient) }
  const applied = (): Promise<unknown> => owned((client) => apply({ client, policy, extensions: [audit] }))
  expect(await saidOf(applied)).toEqual([])
  expect(await saidOf(() => seal("wardkeep, wardkeep_audit, public"))).toEqual([])
  const [trigger] = (
    await admin((client) =>
      client.query<{ name: string }>(
        "select tgname as name from pg_trigger where tgrelid = 'public.visit'::regclass and tgname like 'wk\\_audit\\_%'",
      ),
    )
  ).rows
  const disabled = `alter table public.visit disable trigger ${trigger?.name}`
  expect(await saidOf(() => admin((client) => client.query(disabled)))).toEqual([
    expect.stringMatching(/^GAP_OF_CAPTURE capture was switched off/),
  ])
  expect(await saidOf(applied)).toEqual([])
  // Last: what a newer version migrated, this one refuses to apply.
  expect(await saidOf(migrated)).toEqual([])
})

it("is verified by nobody who may not read all of it, and they are told before anything is", async () => {
  const login = await database.cluster.login({ label: "auditor" })
  const verifying = async (rights: string): Promise<unknown> => {
    await admin((client) => client.query(rights.replaceAll("LOGIN", `"${login.user}"`)))
    return await connected(withLogin(database.adminUrl, login), (client) => verifyDatabase({ client, keys })).catch(
      (error) => error,
    )
  }
  const refused = { code: "WK460", hint: expect.stringContaining("wardkeep.policy_state") }
  const audited =
    "grant usage on schema wardkeep_audit to LOGIN; grant select on all tables in schema wardkeep_audit to LOGIN"
  expect(await verifying(audited)).toMatchObject(refused)
  // A policy would hide the row, and with it that something was changed.
  const all = "grant usage on schema wardkeep to LOGIN; grant select on all tables in schema wardkeep to LOGIN"
  expect(await verifying(all)).toMatchObject(refused)
  expect(await verifying("alter role LOGIN bypassrls")).toMatchObject({ logs: expect.anything() })
})
