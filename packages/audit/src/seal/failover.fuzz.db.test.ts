import { generateKeyPairSync } from "node:crypto"
import { asOwner } from "@wardkeep/postgres/migrate"
import type pg from "pg"
import { afterEach, describe, expect, it } from "vitest"
import { installAudited } from "#tests/fixture/audited.ts"
import { type Clinic, connected, withLogin } from "#tests/fixture/clinic.ts"
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
import { type ObjectStore, startObjectStore } from "#tests/harness/src/object-store.ts"
import { urlFor, withClient } from "#tests/harness/src/sql.ts"
import { startWitness, type Witness } from "#tests/harness/src/witness.ts"
import { s3Anchor } from "../anchor/s3.js"
import { witnessAnchor } from "../anchor/witness.js"
import { trustedKeys, type Verification, verifyDatabase } from "../verify/index.js"
import { signerFrom } from "./note.js"
import { findIncarnation, type Rebased, rebase } from "./rebase.js"
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
): Promise<EmbeddedServer> {
  const binaries = serverBinaries(majorOf(legFromEnvironment()))
  const server = kept(await startEmbedded({ settings, ...(binaries !== undefined && { binaries }) }))
  await withClient(server.url, (client) => client.query("create database clinic"))
  clinic = await installAudited(at(server))
  const [first] = clinic.branches
  const [grant] = await issueBySql(at(server), clinic, [
    { role: "doctor", tenant: first.clinic, branches: [first.branch], purposes: ["care"] },
  ])
  if (grant === undefined) throw new Error("no session was issued")
  doctor = grant
  for (const phone of ["1", "2"]) await wrote(server, phone)
  return server
}

afterEach(async () => {
  for (const each of running.splice(0).reverse()) await each.stop()
})

const caughtUp = async (primary: EmbeddedServer, standby: EmbeddedServer): Promise<void> => {
  const { rows } = await withClient(primary.url, (client) => client.query("select pg_current_wal_lsn()::text as lsn"))
  await until(standby, `pg_last_wal_replay_lsn() >= '${rows[0].lsn}'`)
}

describe("a standby that is promoted", () => {
  it("explore", async () => {
    const show = (n: string, v: unknown) => console.log(n, JSON.stringify(v))
    const primary = await startPrimary()
    const standby = kept(await startStandby(primary))
    const shared = await wrote(primary, "3")
    await caughtUp(primary, standby)
    show("standby verify", await told(standby, [shared]).catch((e) => e))
    show("standby sealer", await sealed(standby).catch((e) => `${e.code} ${e.message}`))
    show("standby rebase", await rebased(standby, shared).catch((e) => `${e.code} ${e.message}`))
    await cutOff(standby)
    const ahead = await wrote(primary, "never reached the standby")
    await promote(standby)
    await write(standby, "after the promotion")
    show("promoted, before", await verified(standby, [ahead]))
    show("promoted, before, shared", await verified(standby, [shared]))
    show("sealer", await sealed(standby).catch((e) => `${e.code} ${e.message}`))
    const done = await rebased(standby, ahead)
    show("rebased", done)
    const newest = await wrote(standby, "goes on")
    show("promoted ahead", await verified(standby, [ahead, newest]))
    show("promoted shared", await verified(standby, [shared, newest]))
    show("promoted lost", await verified(standby, [newest], [ahead]))
    const old = await wrote(primary, "the old primary goes on")
    show("old with its own", await told(primary, [ahead, old]))
    show("old with new", await verified(primary, [newest]))
    show("old with both", await verified(primary, [newest, shared, old]))
    show("new with old", await verified(standby, [newest, old]))
    show("new with old, lost", await verified(standby, [newest], [old]))
  }, 120_000)
})
describe("copied", () => {
  it("explore", async () => {
    const show = (n: string, v: unknown) => console.log(n, JSON.stringify(v))
    const primary = await startPrimary()
    const last = await wrote(primary, "3")
    const [a, b] = await startCopies(primary, 2)
    kept(a)
    kept(b)
    const [fromA, fromB] = [await wrote(a, "a"), await wrote(b, "b")]
    show("a with b", await verified(a, [fromB]))
    show("b with a", await verified(b, [fromA]))
    const moreA = await wrote(a, "a2")
    show("b with more a", await verified(b, [moreA]))
    show("a with b", await verified(a, [fromB]))
    const find = await owned(b, (client) => findIncarnation({ client, ...asked(), anchor: last }))
    show("find", find)
    show(
      "find anchor a",
      await owned(b, (client) => findIncarnation({ client, ...asked(), anchor: fromA })).catch(
        (e) => `${e.code} ${e.message}`,
      ),
    )
    const done = await rebased(b, last)
    const newest = await wrote(b, "b2")
    show("b rebased, last", await verified(b, [last, newest]))
    show("b rebased, moreA", await verified(b, [moreA, newest]))
    show("a with b's new", await verified(a, [moreA, newest]))
  }, 120_000)
})
describe("pitr", () => {
  it("explore", async () => {
    const show = (n: string, v: unknown) => console.log(n, JSON.stringify(v))
    const primary = await startPrimary(archiving)
    const backup = await baseBackup(primary)
    const inside = await wrote(primary, "3")
    await withClient(primary.url, async (client) => {
      await client.query("select pg_create_restore_point('before the mistake')")
    })
    const ahead = await wrote(primary, "behind the point")
    await withClient(primary.url, async (client) => {
      await client.query("select pg_switch_wal()")
    })
    await until(
      primary,
      "exists (select from pg_stat_archiver where last_archived_wal is not null and failed_count = 0)",
    )
    const restored = kept(await restoreTo(backup, primary, { recovery_target_name: "before the mistake" }))
    show(
      "incarnation",
      (
        await connected(at(restored), (c) =>
          c.query("select wardkeep_audit.incarnation(), incarnation from wardkeep_audit.seal_state"),
        )
      ).rows,
    )
    show("sealer", await sealed(restored).catch((e) => `${e.code} ${e.message}`))
    show("restored", await verified(restored, [ahead]))
    const done = await rebased(restored, ahead)
    show("done", done)
    show("restored", await verified(restored, [ahead, inside, done.checkpoint]))
  }, 120_000)
})
