import { createPublicKey, generateKeyPairSync } from "node:crypto"
import { asOwner } from "@wardkeep/postgres/migrate"
import type pg from "pg"
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest"
import { installAudited } from "#tests/fixture/audited.ts"
import { type Clinic, connected, withLogin } from "#tests/fixture/clinic.ts"
import { type Grant, inContext, issueBySql } from "#tests/fixture/token.ts"
import type { TestDatabase } from "#tests/harness/src/database.ts"
import { type ObjectStore, startObjectStore } from "#tests/harness/src/object-store.ts"
import { useDatabase } from "#tests/harness/src/use-database.ts"
import { startWitness, type Witness } from "#tests/harness/src/witness.ts"
import { signerFrom } from "../seal/note.js"
import { openSealer } from "../seal/sealer.js"
import { cosignaturesOf, trustedKeys, verifyDatabase, witnessKey } from "../verify/index.js"
import type { Anchor } from "./anchor.js"
import { openOutbox } from "./outbox.js"
import { type S3Anchor, s3Anchor } from "./s3.js"
import { witnessAnchor } from "./witness.js"

const database = useDatabase()
const { privateKey } = generateKeyPairSync("ed25519")
const signer = signerFrom(privateKey.export({ type: "pkcs8", format: "pem" }).toString())
const keys = trustedKeys([createPublicKey(privateKey).export({ type: "spki", format: "pem" }).toString()])
let clinic: Clinic
let doctor: Grant
let store: ObjectStore
let witness: Witness
/** The database as a backup remembers it, and what was signed after that backup was made. */
let backup: TestDatabase
let newest = ""
let s3: S3Anchor

/** The admin's address of this database or of the restored one. */
const here = (): string => database.adminUrl
const there = (): string => backup.adminUrl
const owned = <T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> =>
  connected(withLogin(url, clinic.logins.migrator), (client) => asOwner(client, clinic.policy, () => work(client)))

async function sealAt(url: string): Promise<string> {
  return await owned(url, async (client) => {
    const sealer = await openSealer({ client, deployment: clinic.policy.deployment, signer, heartbeat: 0 })
    return (await sealer.seal()).checkpoint ?? ""
  })
}

const write = (url: string, phone: string): Promise<unknown> =>
  connected(withLogin(url, clinic.logins.app), (client) =>
    inContext(client, doctor, () => client.query("update patient set phone = $1", [phone])),
  )

const asking = (url: string, timeout = 10_000): Anchor =>
  witnessAnchor({ vkey: witness.vkey, address: witness.address, reading: (work) => owned(url, work), timeout })

const found = async (url: string, anchors: string[]): Promise<{ anchored: boolean; names: string[] }> => {
  const { verdicts, anchored } = await connected(url, (client) => verifyDatabase({ client, keys, anchors }))
  return { anchored, names: [...new Set(verdicts.map(({ name }) => name))] }
}

beforeAll(async () => {
  clinic = await installAudited(database.ownerUrl)
  const [first] = clinic.branches
  const grants = await issueBySql(database.ownerUrl, clinic, [
    { role: "doctor", tenant: first.clinic, branches: [first.branch], purposes: ["care"] },
  ])
  doctor = grants[0] as Grant
  store = await startObjectStore()
  witness = await startWitness("wardkeep/", createPublicKey(privateKey))
  s3 = s3Anchor({ ...store, prefix: "main", retainDays: 1 })
  const anchor = asking(here())
  for (let batch = 0; batch < 3; batch++) {
    await write(here(), `${batch}`)
    const checkpoint = await sealAt(here())
    await s3.keep(checkpoint)
    await anchor.keep(checkpoint)
  }
  backup = await database.cluster.database(undefined, { template: database.databaseName })
  await write(here(), "after the backup")
  newest = await sealAt(here())
  await s3.keep(newest)
  newest = await anchor.keep(newest)
})

beforeEach(() => {
  store.fault = "none"
  witness.fault = "none"
})

afterAll(async () => {
  await Promise.all([store.stop(), witness.stop(), backup.drop()])
})

describe("a witness", () => {
  it("was told the size once, checked each proof since, and its cosignature stands in the checkpoint", () => {
    expect(witness.answers).toEqual([200, 200, 200, 200])
    const [{ name, at } = { name: "", at: new Date(0) }] = cosignaturesOf(newest, [witnessKey(witness.vkey)])
    expect(name).toBe("witness.example/w1")
    expect(Math.abs(at.getTime() - Date.now())).toBeLessThan(60_000)
  })

  it("is asked by a process that knows nothing of it: the size comes from its 409", async () => {
    await write(here(), "one more")
    newest = await sealAt(here())
    const before = witness.answers.length
    newest = await asking(here()).keep(newest)
    expect(witness.answers.slice(before)).toEqual([409, 200])
    // Asked about what it has cosigned already it cosigns anew.
    expect(cosignaturesOf(await asking(here()).keep(newest), [witnessKey(witness.vkey)])).toHaveLength(2)
    await s3.keep(newest)
  })

  it.each([
    ["silent", "WK448", "did not answer within 0.3 seconds"],
    ["endless", "WK448", "cannot be reached"],
    ["unavailable", "WK448", "answers 502"],
    ["unreadable", "WK448", "without saying which"],
    ["wrong-signature", "WK452", "no cosignature of its key"],
    ["another-origin", "WK452", "no cosignature of its key"],
    ["old-timestamp", "WK452", "cosigned at"],
  ] as const)("%s is one error, %s", async (fault, code, message) => {
    const anchor = asking(here(), fault === "silent" ? 300 : 10_000)
    await anchor.keep(newest)
    witness.fault = fault
    await expect(anchor.keep(newest)).rejects.toMatchObject({ code, message: expect.stringContaining(message) })
    witness.fault = "none"
    expect(await anchor.keep(newest)).toContain("witness.example/w1")
  })

  it("that does not know the log, or not its key, refuses with the reason", async () => {
    const strange = newest.replace(/^wardkeep/gmu, "elsewhere").replace(/\n— wardkeep/u, "\n— elsewhere")
    await expect(asking(here()).keep(strange)).rejects.toMatchObject({
      code: "WK449",
      message: /does not know this log/,
    })
    const forged = newest.replace(/(— wardkeep\S+ .{20})./u, (_, start) => `${start}!`)
    await expect(asking(here()).keep(forged)).rejects.toMatchObject({ code: "WK449", message: /not one it trusts/ })
  })

  it("has to be described by a key that fits its id, and a URL", () => {
    const options = { vkey: witness.vkey, address: witness.address, reading: asNever }
    for (const vkey of [
      "",
      witness.vkey.replace(/\+[0-9a-f]/, "+x"),
      witness.vkey.replace(/.$/, "?"),
      `x${witness.vkey}`,
    ])
      expect(() => witnessAnchor({ ...options, vkey })).toThrow(expect.objectContaining({ code: "WK453" }))
    for (const address of ["witness", "ftp://witness.example", "https://user:hunter2@witness.example"])
      expect(() => witnessAnchor({ ...options, address })).toThrow(
        expect.objectContaining({ code: "WK453", message: expect.not.stringContaining("hunter2") }),
      )
  })
})

async function asNever(): Promise<never> {
  throw new Error("nothing is read")
}

describe("an old state that was restored", () => {
  it("looks whole by itself, and is told to be self-attested only", async () => {
    expect(await found(there(), [])).toEqual({ anchored: false, names: [] })
  })

  it("is ROLLED_BACK against a file, the object store and the witness", async () => {
    const rolled = { anchored: true, names: ["ROLLED_BACK"] }
    expect(await found(there(), [newest])).toEqual(rolled)
    const kept = (await s3.kept()).map(({ checkpoint }) => checkpoint)
    expect(kept).toHaveLength(5)
    expect(await found(there(), kept)).toEqual(rolled)
    const { rows } = await connected(there(), (client) =>
      client.query(
        "select note from wardkeep_audit.checkpoint where log = (select id from wardkeep_audit.log where tenant = '') order by size desc limit 1",
      ),
    )
    await expect(asking(there()).keep(rows[0].note)).rejects.toMatchObject({
      code: "WK451",
      message: /^ROLLED_BACK: witness/,
    })
    expect(await found(here(), kept)).toEqual({ anchored: true, names: [] })
  })
})

describe("another history that was signed with the same key", () => {
  it("is SPLIT_VIEW against a file, the object store and the witness, at the first checkpoint and later", async () => {
    // Whoever has the key and the superuser: the sealer takes the restored state for its own.
    await connected(there(), (client) =>
      client.query("update wardkeep_audit.seal_state set incarnation = wardkeep_audit.incarnation()"),
    )
    await write(there(), "another")
    const sameSize = await sealAt(there())
    await expect(s3.keep(sameSize)).rejects.toMatchObject({ code: "WK451", message: /^SPLIT_VIEW: s3/ })
    await expect(asking(there()).keep(sameSize)).rejects.toMatchObject({
      code: "WK451",
      message: /^ROLLED_BACK: witness/,
    })
    await write(there(), "another still")
    const atWitness = await sealAt(there())
    await expect(asking(there()).keep(atWitness)).rejects.toMatchObject({
      code: "WK451",
      message: /^SPLIT_VIEW: witness/,
    })
    await write(there(), "more than was ever signed")
    const larger = await sealAt(there())
    await expect(asking(there()).keep(larger)).rejects.toMatchObject({ code: "WK451", message: /^SPLIT_VIEW: witness/ })
    await s3.keep(larger)
    const kept = (await s3.kept()).map(({ checkpoint }) => checkpoint)
    // That it is another database the sealer signs too, and no act says so.
    const split = { anchored: true, names: ["SPLIT_VIEW", "GAP_OF_CAPTURE"] }
    expect(await found(there(), [newest])).toEqual(split)
    expect(await found(there(), kept)).toEqual(split)
    expect(await found(there(), [])).toEqual({ anchored: false, names: ["GAP_OF_CAPTURE"] })
    // The true log hears of it too: more was signed under its name than it has.
    expect(await found(here(), kept)).toEqual({ anchored: true, names: ["ROLLED_BACK"] })
  })
})

describe("an outbox", () => {
  it("never makes the sealer wait, tells each failure, and sends the newest of what waited", async () => {
    store.fault = "silent"
    witness.fault = "silent"
    const failed: string[] = []
    const kept: string[] = []
    const anchors = [s3Anchor({ ...store, prefix: "main", retainDays: 1, timeout: 1500 }), asking(here(), 1500)]
    const outbox = openOutbox({
      anchors,
      every: 0,
      onKept: ({ name }, checkpoint) => void kept.push(`${name} ${checkpoint.split("\n")[1]}`),
      onFailed: ({ name }, error) => void failed.push(`${name} ${String(error)}`),
    })
    let size = ""
    for (let batch = 0; batch < 3; batch++) {
      await write(here(), `${batch}`)
      const checkpoint = await sealAt(here())
      size = checkpoint.split("\n")[1] ?? ""
      outbox.offer(checkpoint)
      if (batch === 0) {
        expect([...failed, ...kept]).toEqual([])
        await expect.poll(() => failed.length, { timeout: 10_000, interval: 50 }).toBe(2)
      }
      store.fault = "none"
      witness.fault = "none"
    }
    await outbox.settle()
    expect(failed).toEqual(
      expect.arrayContaining([
        expect.stringMatching(/^s3.*did not answer/),
        expect.stringMatching(/^witness.*did not answer/),
      ]),
    )
    expect(kept).toEqual(expect.arrayContaining([`${s3.name} ${size}`, `witness witness.example/w1 ${size}`]))
  })
})
