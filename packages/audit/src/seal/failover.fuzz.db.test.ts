import { generateKeyPairSync } from "node:crypto"
import type { Policy } from "@wardkeep/core"
import { createIssuer, createWardkeep, type Session, type Wardkeep } from "@wardkeep/postgres"
import { asOwner } from "@wardkeep/postgres/migrate"
import type pg from "pg"
import { afterEach, expect, it } from "vitest"
import { auditedPolicy, viewedPolicy } from "#tests/fixture/audited.ts"
import { type Clinic, connected, installClinic, withLogin } from "#tests/fixture/clinic.ts"
import { type Grant, inContext, issueBySql } from "#tests/fixture/token.ts"
import { serverBinaries } from "#tests/harness/src/binaries.ts"
import {
  archiving,
  baseBackup,
  cutOff,
  promote,
  restoreTo,
  startCopies,
  startStandby,
  until,
} from "#tests/harness/src/copies.ts"
import { type EmbeddedServer, startEmbedded } from "#tests/harness/src/embedded.ts"
import { legFromEnvironment, majorOf } from "#tests/harness/src/leg.ts"
import { startObjectStore } from "#tests/harness/src/object-store.ts"
import { urlFor, withClient } from "#tests/harness/src/sql.ts"
import { startWitness } from "#tests/harness/src/witness.ts"
import { s3Anchor } from "../anchor/s3.js"
import { witnessAnchor } from "../anchor/witness.js"
import { audit } from "../compile/audit.js"
import { whoSaw } from "../read/read.js"
import { trustedKeys, type Verification, verifyDatabase } from "../verify/index.js"
import { recordViews } from "../views/recorder.js"
import { signerFrom } from "./note.js"
import { findIncarnation, type Incarnation, type Rebased, rebase } from "./rebase.js"
import { openSealer, type Sealer } from "./sealer.js"

const { privateKey, publicKey } = generateKeyPairSync("ed25519")
const signer = signerFrom(privateKey.export({ type: "pkcs8", format: "pem" }).toString())
const keys = trustedKeys([publicKey.export({ type: "spki", format: "pem" }).toString()])
const running: { stop(): Promise<void> }[] = []
let clinic: Clinic
let doctor: Grant

const kept = <T extends { stop(): Promise<void> }>(server: T): T => {
  running.push(server)
  return server
}
const at = (server: EmbeddedServer): string => urlFor(server.url, "clinic")
const asked = () => ({ deployment: clinic.policy.deployment, signer })
const owned = <T>(server: EmbeddedServer, work: (client: pg.Client) => Promise<T>): Promise<T> =>
  connected(withLogin(at(server), clinic.logins.migrator), (client) =>
    asOwner(client, clinic.policy, () => work(client)),
  )
const write = (server: EmbeddedServer, phone: string): Promise<unknown> =>
  connected(withLogin(at(server), clinic.logins.app), (client) =>
    inContext(client, doctor, () => client.query("update patient set phone = $1", [phone])),
  )
const sealing = <T>(server: EmbeddedServer, work: (sealer: Sealer) => Promise<T>): Promise<T> =>
  owned(server, async (client) => {
    const sealer = await openSealer({ client, ...asked(), heartbeat: 0 })
    try {
      return await work(sealer)
    } finally {
      await sealer.close()
    }
  })
const sealed = (server: EmbeddedServer): Promise<string> =>
  sealing(server, async (sealer) => (await sealer.seal()).checkpoint ?? "")
const wrote = async (server: EmbeddedServer, phone: string): Promise<string> => {
  await write(server, phone)
  return await sealed(server)
}
const rebased = (server: EmbeddedServer, anchor: string): Promise<Rebased> =>
  owned(server, (client) => rebase({ client, ...asked(), reason: "the primary was lost", anchor }))
const found = (server: EmbeddedServer, anchor: string): Promise<Incarnation> =>
  owned(server, (client) => findIncarnation({ client, ...asked(), anchor }))
const verified = (server: EmbeddedServer, anchors: string[], lost: string[] = []): Promise<Verification> =>
  connected(at(server), (client) => verifyDatabase({ client, keys, anchors, lost }))
const told = async (server: EmbeddedServer, anchors: string[], lost: string[] = []): Promise<string[]> => {
  const { ok, verdicts } = await verified(server, anchors, lost)
  return [ok ? "OK" : "NOT OK", ...new Set(verdicts.map(({ name }) => name))].sort()
}
const sizeOf = (note: string): number => Number(note.split("\n")[1])

/** Of this leg's version, with a clinic in it whose log has been sealed twice. */
async function startPrimary(
  settings: Readonly<Record<string, string | number | boolean>> = {},
  policy: Policy = auditedPolicy(),
): Promise<EmbeddedServer> {
  const binaries = serverBinaries(majorOf(legFromEnvironment()))
  const server = kept(
    await startEmbedded({
      settings: { synchronous_commit: true, ...settings },
      ...(binaries !== undefined && { binaries }),
    }),
  )
  await withClient(server.url, (client) => client.query("create database clinic"))
  clinic = await installClinic(at(server), { policy, extensions: [audit] })
  const [first] = clinic.branches
  const [grant] = await issueBySql(at(server), clinic, [
    { role: "doctor", tenant: first.clinic, branches: [first.branch], purposes: ["care"] },
  ])
  if (grant === undefined) throw new Error("no session was issued")
  doctor = grant
  for (const phone of ["1", "2"]) await wrote(server, phone)
  return server
}

/** Waits until the standby has replayed everything that the primary has written. */
const caughtUp = async (primary: EmbeddedServer, standby: EmbeddedServer): Promise<void> => {
  const { rows } = await withClient(primary.url, (client) =>
    client.query<{ lsn: string }>("select pg_current_wal_lsn()::text as lsn"),
  )
  await until(standby, `pg_last_wal_replay_lsn() >= '${rows[0]?.lsn}'`)
}

/** Events, and events with a leaf: each has one, once. */
const counted = async (server: EmbeddedServer): Promise<{ events: number; leaves: number; sealed: number }> => {
  const { rows } = await connected(at(server), (client) =>
    client.query(
      "select (select count(*)::int from wardkeep_audit.event) as events, count(event)::int as leaves, count(distinct event)::int as sealed from wardkeep_audit.leaf",
    ),
  )
  return rows[0]
}

afterEach(async () => {
  for (const each of running.splice(0).reverse()) await each.stop()
})

it("a standby verifies, is never sealed, and once promoted goes on under another name while the old primary is told apart", async () => {
  const primary = await startPrimary()
  const standby = kept(await startStandby(primary))
  const shared = await wrote(primary, "3")
  await caughtUp(primary, standby)
  expect(await told(standby, [shared])).toEqual(["OK"])
  for (const work of [() => sealed(standby), () => rebased(standby, shared), () => found(standby, shared)])
    await expect(work()).rejects.toMatchObject({ code: "WK456" })
  const asking = { tenant: clinic.branches[0].clinic, subject: "nobody", reason: "request 17" }
  await expect(owned(standby, (client) => whoSaw({ client, ...asking }))).rejects.toMatchObject({ code: "WK459" })

  await cutOff(standby)
  const ahead = await wrote(primary, "never reached the standby")
  expect(await told(standby, [ahead])).toEqual(["NOT OK", "ROLLED_BACK"])
  await promote(standby)
  await write(standby, "after the promotion")
  await expect(sealed(standby)).rejects.toMatchObject({ code: "WK404" })
  expect(await told(standby, [ahead])).toEqual(["NOT OK", "ROLLED_BACK", "UNSEALED"])
  expect(await told(standby, [shared])).toEqual(["OK", "UNSEALED"])

  const lost = sizeOf(ahead) - sizeOf(shared)
  expect(await found(standby, ahead)).toMatchObject({ kept: sizeOf(shared), outside: sizeOf(ahead), lost })
  const done = await rebased(standby, ahead)
  const [server = "", timeline = "", number = ""] = done.from.split("/")
  expect(done).toMatchObject({ lost, to: `${server}/${Number(timeline) + 1}/${number}` })
  const newest = await wrote(standby, "goes on")
  expect(newest.split("\n")[0]).toBe(done.next)
  const { events, leaves, sealed: once } = await counted(standby)
  expect([leaves, once]).toEqual([events, events])
  expect(await told(standby, [shared, newest])).toEqual(["OK", "REBASED"])
  expect(await told(standby, [ahead, newest])).toEqual(["NOT OK", "REBASED", "ROLLED_BACK"])
  expect(await told(standby, [newest], [ahead])).toEqual(["OK", "REBASED"])

  // Nothing inside the old primary knows: it seals on, and each of the two is told by what the other signed.
  const old = await wrote(primary, "the old primary came back")
  expect(await told(primary, [ahead, old])).toEqual(["OK"])
  expect(await told(primary, [old, newest])).toEqual(["NOT OK", "ROLLED_BACK"])
  expect(await told(standby, [newest, old], [ahead])).toEqual(["NOT OK", "REBASED", "ROLLED_BACK"])
  expect(await told(standby, [newest], [old])).toEqual(["NOT OK", "REBASED", "ROLLED_BACK"])
}, 120_000)

/** The application's client at a server. */
const clientOf = (server: EmbeddedServer): Wardkeep => {
  const { policy, logins } = clinic
  const pool = { connectionString: withLogin(at(server), logins.app), max: 2 }
  const wk = createWardkeep({ pool, policy, views: recordViews(policy) })
  running.push({ stop: () => wk.close() })
  return wk
}

/** A doctor's session, which only the primary can give. */
const sessionOf = async (primary: EmbeddedServer): Promise<Session> => {
  const pool = { connectionString: withLogin(at(primary), clinic.logins.issuer), max: 1 }
  const issuer = createIssuer({ pool, keyId: clinic.key.id, key: clinic.key.secret })
  const [{ clinic: tenant, branch }] = clinic.branches
  try {
    const assignments = [{ tenant, branches: [branch], role: "doctor", purposes: ["care"] }]
    return await issuer.issueSession({ actor: "doctor", mfaAt: new Date(), ttl: "PT1H", assignments })
  } finally {
    await issuer.close()
  }
}

it("a standby, which takes no events, shows no row of a table whose views are recorded, READ ONLY or not", async () => {
  const primary = await startPrimary({}, viewedPolicy())
  const session = await sessionOf(primary)
  const text = "select id, full_name from patient"
  const read = clientOf(primary)
  expect((await read.run(session, () => read.query(text))).rows).toHaveLength(clinic.patientsPerBranch)
  const standby = kept(await startStandby(primary))
  await caughtUp(primary, standby)
  const wk = clientOf(standby)
  // What nobody records is shown: the client, the session and the transaction work.
  for (const readOnly of [true, false])
    await wk.run(session, async () => {
      const open = "select name from branch"
      expect((await wk.tx({ readOnly }, (q) => q.query(open))).rows).toHaveLength(2)
      expect((await wk.query(open)).rows).toHaveLength(2)
    })
  const shown: unknown[] = []
  const show = ({ rows }: { readonly rows: readonly unknown[] }): void => void shown.push(...rows)
  const ways: Readonly<Record<string, () => Promise<void>>> = {
    "in no transaction": async () => show(await wk.query(text)),
    "in a transaction": () => wk.tx(async (q) => show(await q.query(text))),
    "in a READ ONLY transaction": () => wk.tx({ readOnly: true }, async (q) => show(await q.query(text))),
    "in a stream": async () => {
      for await (const row of wk.stream(text)) shown.push(row)
    },
    "through an ORM's pool": async () => show(await wk.pool.query(text)),
  }
  // The first execution of a text is not recorded as the later ones are.
  for (const time of ["first", "later"])
    for (const [name, way] of Object.entries(ways))
      await expect(wk.run(session, way), `${time}, ${name}`).rejects.toMatchObject({
        code: "WK411",
        cause: { code: "25006" },
      })
  expect(shown).toEqual([])
}, 120_000)

it("two copies of a stopped server's files are one incarnation: file, store and witness tell them apart, and rebase separates them", async () => {
  const original = await startPrimary()
  const last = await wrote(original, "3")
  const [one, two] = await startCopies(original, 2)
  if (one === undefined || two === undefined) throw new Error("two copies were started")
  for (const copy of [one, two]) kept(copy)
  const store = kept(await startObjectStore())
  const witness = kept(await startWitness(last.split("\n")[0] ?? "", publicKey))
  const s3 = s3Anchor({ ...store, prefix: "main", retainDays: 1 })
  const witnessed = (server: EmbeddedServer, checkpoint: string): Promise<string> =>
    witnessAnchor({ ...witness, reading: (work) => owned(server, work) }).keep(checkpoint)

  const [ofOne, ofTwo] = [await wrote(one, "one"), await wrote(two, "two")]
  expect([sizeOf(ofOne), ofOne]).toEqual([sizeOf(ofTwo), expect.not.stringContaining(ofTwo)])
  expect(await told(one, [ofOne])).toEqual(["OK"])
  expect(await told(two, [ofTwo])).toEqual(["OK"])
  for (const keep of [(note: string) => s3.keep(note), (note: string) => witnessed(one, note)]) await keep(ofOne)
  for (const keep of [() => s3.keep(ofTwo), () => witnessed(two, ofTwo)])
    await expect(keep()).rejects.toMatchObject({ code: "WK451" })
  expect(await told(one, [ofTwo])).toEqual(["NOT OK", "SPLIT_VIEW"])
  expect(await told(two, [ofOne])).toEqual(["NOT OK", "SPLIT_VIEW"])
  await expect(rebased(two, ofOne)).rejects.toMatchObject({ code: "WK446" })

  const done = await rebased(two, last)
  expect(done).toMatchObject({ from: done.to, lost: 0 })
  const newest = await wrote(two, "goes on")
  expect(await told(two, [last, newest])).toEqual(["OK", "REBASED"])
  // What both had signed under the old name stays two histories of it, for good.
  expect(await told(two, [ofOne, newest])).toEqual(["NOT OK", "REBASED", "SPLIT_VIEW"])
  expect(await told(one, [await wrote(one, "more"), newest])).toEqual(["NOT OK", "ROLLED_BACK"])
}, 120_000)

it("a restore to a point in time says what was signed after it", async () => {
  const primary = await startPrimary(archiving)
  const backup = await baseBackup(primary)
  const inside = await wrote(primary, "3")
  await withClient(primary.url, (client) => client.query("select pg_create_restore_point('before the mistake')"))
  const ahead = await wrote(primary, "the mistake")
  const { rows } = await withClient(primary.url, (client) =>
    client.query<{ file: string }>("select pg_walfile_name(pg_switch_wal()) as file"),
  )
  await until(primary, `(select last_archived_wal >= '${rows[0]?.file}' from pg_stat_archiver)`)
  const restored = kept(await restoreTo(backup, primary, { recovery_target_name: "before the mistake" }))
  await expect(sealed(restored)).rejects.toMatchObject({ code: "WK404" })
  expect(await told(restored, [inside])).toEqual(["OK"])
  expect(await told(restored, [ahead])).toEqual(["NOT OK", "ROLLED_BACK"])
  const done = await rebased(restored, ahead)
  expect(done).toMatchObject({ kept: sizeOf(inside), lost: sizeOf(ahead) - sizeOf(inside) })
  expect(await told(restored, [inside, done.checkpoint], [ahead])).toEqual(["OK", "REBASED"])
  expect(await told(restored, [ahead])).toEqual(["NOT OK", "REBASED", "ROLLED_BACK"])
}, 120_000)
