import { generateKeyPairSync } from "node:crypto"
import { writeFile } from "node:fs/promises"
import { join } from "node:path"
import { setTimeout as sleep } from "node:timers/promises"
import { roleNames } from "@wardkeep/core"
import pg from "pg"
import { afterEach, expect, it } from "vitest"
import { emptyFolder, runCli, writePolicy } from "#tests/cli/run-cli.ts"
import { clinicAt, type EndangeredClinic, installOn, startServer } from "#tests/durability/clinic.ts"
import { Load } from "#tests/durability/load.ts"
import { badlySealed, contradicted, miscounted, shortly, unrecorded } from "#tests/durability/recorded.ts"
import { wayNames } from "#tests/durability/ways.ts"
import { connected, withLogin } from "#tests/fixture/clinic.ts"
import type { EmbeddedServer } from "#tests/harness/src/embedded.ts"
import { isRunning } from "#tests/harness/src/processes.ts"
import { mountSmallDisk, type SmallDisk } from "#tests/harness/src/small-disk.ts"
import { trustedKeys, verifyDatabase } from "../verify/index.js"
import { signerFrom } from "./note.js"
import { openSealer, type Sealer } from "./sealer.js"

const seed = Number(process.env.WARDKEEP_FUZZ_SEED ?? Date.now() % 2 ** 31)
const { privateKey, publicKey } = generateKeyPairSync("ed25519")
const pem = privateKey.export({ type: "pkcs8", format: "pem" }).toString()
const keys = trustedKeys([publicKey.export({ type: "spki", format: "pem" }).toString()])
const ending: (() => Promise<unknown>)[] = []

afterEach(async () => {
  for (const end of ending.splice(0).reverse()) await end().catch(() => undefined)
})

const last = <T extends () => Promise<unknown>>(end: T): T => {
  ending.push(end)
  return end
}

async function diskOf(megabytes: number): Promise<SmallDisk> {
  const disk = await mountSmallDisk(megabytes)
  last(() => disk.close())
  return disk
}

async function started(options: Parameters<typeof startServer>[0]): Promise<EmbeddedServer> {
  const server = await startServer(options)
  last(() => server.stop())
  return server
}

/** A sealer of its own session, and with it the work of everybody. */
async function working(
  server: EmbeddedServer,
  used: EndangeredClinic,
  name: string,
  survives: "process" | "server" = "process",
): Promise<{ readonly load: Load; readonly sealer: Sealer }> {
  const { clinic } = used
  const url = clinicAt(server)
  const client = new pg.Client({ connectionString: withLogin(url, clinic.logins.migrator) })
  // A server that goes away says so in the query too.
  client.on("error", () => undefined)
  await client.connect()
  last(() => client.end())
  await client.query(`set role ${pg.escapeIdentifier(roleNames(clinic.policy).owner)}`)
  const { deployment } = clinic.policy
  const sealer = await openSealer({ client, deployment, signer: signerFrom(pem), heartbeat: 0 })
  const load = new Load({ url, used, survives, sealer, name, seed })
  last(() => load.end())
  await load.until("done", Load.kinds, 5)
  expect([...load.told()]).toEqual([])
  return { load, sealer }
}

/** Tables, their indexes and what is kept beside them move to the small disk. */
async function moveTo(disk: SmallDisk, server: EmbeddedServer, names: string): Promise<void> {
  await connected(clinicAt(server), async (admin) => {
    await admin.query(`create tablespace small location '${disk.folder}'`)
    const { rows } = await admin.query<{ sql: string }>(
      `select format('alter %s wardkeep_audit.%I set tablespace small', case c.relkind when 'i' then 'index' else 'table' end, c.relname) as sql
         from pg_class c left join pg_index i on i.indexrelid = c.oid join pg_class t on t.oid = coalesce(i.indrelid, c.oid)
        where t.relnamespace = 'wardkeep_audit'::regnamespace and c.relkind in ('r', 'i') and t.relname ~ $1`,
      [names],
    )
    expect(rows.length).toBeGreaterThan(2)
    for (const { sql } of rows) await admin.query(sql)
  })
}

const verified = async (server: EmbeddedServer, anchors: readonly string[]): Promise<string[]> => {
  const { verdicts } = await connected(clinicAt(server), (client) => verifyDatabase({ client, keys, anchors }))
  return verdicts.filter(({ name }) => name !== "UNSEALED").map(({ name, message }) => `${name} ${message}`)
}

/** Compared with what everybody was told. */
async function expectWhole(server: EmbeddedServer, loads: readonly Load[], isRefusalKnown: boolean): Promise<void> {
  await connected(clinicAt(server), async (admin) => {
    for (const { acknowledged, refused, handed } of loads) {
      expect(await miscounted(admin, acknowledged, true)).toEqual([])
      const none = new Map([...refused.keys()].map((request) => [request, 0]))
      expect(await miscounted(admin, isRefusalKnown ? none : refused, isRefusalKnown)).toEqual([])
      expect((await unrecorded(admin, handed)).map(shortly)).toEqual([])
    }
    expect(await contradicted(admin)).toEqual([])
    expect(await badlySealed(admin)).toEqual({ lost: 0, doubled: 0 })
  })
  expect(
    await verified(
      server,
      loads.flatMap(({ checkpoints }) => checkpoints.slice(-1)),
    ),
  ).toEqual([])
}

const recorded = ["write", "write-twice", ...wayNames]

it("events that do not fit on their disk refuse what they are about, and nothing else; with space all goes on", async () => {
  const disk = await diskOf(48)
  const server = await started({ under: disk.under() })
  const used = await installOn(server, 12)
  await moveTo(disk, server, "^event")
  const { load, sealer } = await working(server, used, "events")
  await disk.fill()
  await load.until("refused", recorded, 5)
  await load.until("done", ["seal"], 2)
  const told = load.told()
  expect([...told.keys()].sort()).toEqual([...recorded].sort())
  // Where the statement records its view itself, PostgreSQL says so of the statement.
  const own = ["write", "write-twice", "statement", "whole-list", "orm-pool"]
  for (const [kind, texts] of told)
    expect([kind, ...texts]).toEqual([kind, own.includes(kind) ? "53100" : "WK411 < 53100"])
  expect(await verified(server, load.checkpoints.slice(-1))).toEqual([])
  await disk.free()
  await load.until("done", Load.kinds, 5)
  await load.end()
  await sealer.seal()
  await expectWhole(server, [load], true)
}, 240_000)

it("leaves that do not fit on their disk stop the sealer and nobody else; the same sealer goes on with space, and so does a new one", async () => {
  const disk = await diskOf(48)
  const server = await started({ under: disk.under() })
  const used = await installOn(server, 12)
  await moveTo(disk, server, "^(leaf|checkpoint|log|seal_state)$")
  const { load, sealer } = await working(server, used, "leaves")
  for (let time = 0; time < 2; time++) {
    await disk.fill()
    await load.until("refused", ["seal"], 5)
    await load.until("done", recorded, 5)
    expect([...load.told()]).toEqual([["seal", new Set(["53100"])]])
    expect(await verified(server, load.checkpoints.slice(-1))).toEqual([])
    if (time === 1) break
    await disk.free()
    await load.until("done", Load.kinds, 5)
  }
  await load.end()
  await sealer.close()
  const folder = await emptyFolder()
  await writePolicy(folder, used.clinic.policy.deployment)
  await writeFile(join(folder, "seal.pem"), pem)
  const url = withLogin(clinicAt(server), used.clinic.logins.migrator)
  const seal = ["audit", "seal", "--key", "seal.pem", "--database-url", url, "--json"]
  const refused = await runCli(folder, seal)
  expect([refused.code, JSON.parse(refused.stdout)]).toMatchObject([4, { error: { code: "WK301" } }])
  expect(refused.stdout).toMatch(/53100 .*No space left on device/)
  await disk.free()
  const sealed = await runCli(folder, seal)
  expect([sealed.code, sealed.stderr]).toEqual([0, ""])
  load.checkpoints.push(JSON.parse(sealed.stdout).checkpoint)
  await expectWhole(server, [load], true)
}, 240_000)

it("a write-ahead log that does not fit ends the server; started again with space, it has all that anybody was told", async () => {
  const disk = await diskOf(128)
  let server = await started({ under: disk.under({ wal: true }) })
  const used = await installOn(server, 12)
  const { load: before } = await working(server, used, "before", "server")
  await disk.fill()
  // What others write takes the space that is left in files that are there.
  const others = "select pg_switch_wal() from pg_logical_emit_message(false, 'others', repeat('x', 100000))"
  for (let turns = 0; isRunning(server.pid); turns++) {
    if (turns === 200) throw new Error("the server goes on without space")
    await connected(clinicAt(server), (admin) => admin.query(others)).catch(() => undefined)
    await sleep(100)
  }
  expect(server.log()).toMatch(/PANIC: {2}could not write to file "pg_wal[^\n]*No space left on device/)
  await before.until("refused", Load.kinds, 2)
  await before.end()
  await disk.free()
  server = await server.restart()
  const { load: after, sealer } = await working(server, used, "after", "server")
  await after.end()
  await sealer.seal()
  await expectWhole(server, [before, after], false)
}, 240_000)
