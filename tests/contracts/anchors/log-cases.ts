import { createPublicKey, generateKeyPairSync } from "node:crypto"
import { type Anchor, openOutbox, openSealer, type S3Anchor, s3Anchor, witnessAnchor } from "@wardkeep/audit"
import { cosignaturesOf, trustedKeys, verifyDatabase, witnessKey } from "@wardkeep/audit/verify"
import { asOwner } from "@wardkeep/postgres/migrate"
import type pg from "pg"
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest"
import { installAudited } from "#tests/fixture/audited.ts"
import { type Clinic, connected, withLogin } from "#tests/fixture/clinic.ts"
import { type Grant, inContext, issueBySql } from "#tests/fixture/token.ts"
import type { TestDatabase } from "#tests/harness/src/database.ts"
import type { UsedDatabase } from "#tests/harness/src/use-database.ts"
import { signerFrom } from "../../../packages/audit/src/seal/note.ts"
import type { Bucket } from "./object-store-cases.ts"

/** A witness, of whoever made it. */
export interface Witness {
  readonly address: string
  readonly vkey: string
  /** The log's checkpoint under the name by which this witness knows it. */
  shown(checkpoint: string): string
  /** From now on nothing is answered. */
  pause(): void
  resume(): void
}

export interface Counterparts {
  readonly bucket: Bucket
  readonly witness: Witness
  stop(): Promise<unknown>
}

const { privateKey } = generateKeyPairSync("ed25519")
export const logKey = createPublicKey(privateKey)
export const signer = signerFrom(privateKey.export({ type: "pkcs8", format: "pem" }).toString())
const keys = trustedKeys([logKey.export({ type: "spki", format: "pem" }).toString()])

/** An audit log whose checkpoints are kept at an object store and at a witness. */
export class AnchoredLog {
  readonly #database: UsedDatabase
  clinic!: Clinic
  #doctor!: Grant
  counterparts!: Counterparts
  /** The database as a backup remembers it. */
  backup!: TestDatabase
  s3!: S3Anchor
  /** What was signed after that backup was made; with the cosignature, where it is of this very text. */
  newest = ""
  /** What the witness was shown last, and its cosignature. */
  cosigned = ""
  /** What the store was given. */
  readonly given: string[] = []

  constructor(database: UsedDatabase) {
    this.#database = database
  }

  /** The admin's address of this database, and of the restored one. */
  readonly here = (): string => this.#database.adminUrl
  readonly there = (): string => this.backup.adminUrl

  async open(counterparts: Counterparts): Promise<void> {
    this.counterparts = counterparts
    this.clinic = await installAudited(this.#database.ownerUrl)
    const [first] = this.clinic.branches
    const grants = await issueBySql(this.#database.ownerUrl, this.clinic, [
      { role: "doctor", tenant: first.clinic, branches: [first.branch], purposes: ["care"] },
    ])
    this.#doctor = grants[0] as Grant
    this.s3 = this.store()
    const anchor = this.asking(this.here())
    for (let batch = 0; batch < 3; batch++) {
      await this.write(this.here(), `${batch}`)
      const checkpoint = await this.sealAt(this.here())
      await this.keep(checkpoint)
      await anchor.keep(this.shown(checkpoint))
    }
    this.backup = await this.#database.cluster.database(undefined, { template: this.#database.databaseName })
    await this.write(this.here(), "after the backup")
    await this.cosign(anchor, await this.sealAt(this.here()))
  }

  async cosign(anchor: Anchor, checkpoint: string): Promise<void> {
    const shown = this.shown(checkpoint)
    this.cosigned = await anchor.keep(shown)
    this.newest = shown === checkpoint ? this.cosigned : checkpoint
    await this.keep(this.newest)
  }

  shown(checkpoint: string): string {
    return this.counterparts.witness.shown(checkpoint)
  }

  async close(): Promise<void> {
    await Promise.all([this.counterparts?.stop(), this.backup?.drop()])
  }

  async keep(checkpoint: string): Promise<void> {
    await this.s3.keep(checkpoint)
    this.given.push(checkpoint)
  }

  store(timeout = 10_000): S3Anchor {
    const { endpoint, accessKeyId, secretAccessKey, region, bucket } = this.counterparts.bucket
    const place = { endpoint, accessKeyId, secretAccessKey, region, bucket }
    return s3Anchor({ ...place, prefix: "main", retainDays: 1, timeout })
  }

  asking(url: string, timeout = 10_000): Anchor {
    const { vkey, address } = this.counterparts.witness
    return witnessAnchor({ vkey, address, reading: (work) => this.owned(url, work), timeout })
  }

  async owned<T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
    const { logins, policy } = this.clinic
    return await connected(withLogin(url, logins.migrator), (client) => asOwner(client, policy, () => work(client)))
  }

  async sealAt(url: string): Promise<string> {
    return await this.owned(url, async (client) => {
      const { deployment } = this.clinic.policy
      const sealer = await openSealer({ client, deployment, signer, heartbeat: 0 })
      return (await sealer.seal()).checkpoint ?? ""
    })
  }

  async write(url: string, phone: string): Promise<void> {
    await connected(withLogin(url, this.clinic.logins.app), (client) =>
      inContext(client, this.#doctor, () => client.query("update patient set phone = $1", [phone])),
    )
  }

  async kept(): Promise<string[]> {
    return (await this.s3.kept()).map(({ checkpoint }) => checkpoint)
  }
}

const found = async (url: string, anchors: string[]): Promise<{ anchored: boolean; names: string[] }> => {
  const { verdicts, anchored } = await connected(url, (client) => verifyDatabase({ client, keys, anchors }))
  return { anchored, names: [...new Set(verdicts.map(({ name }) => name))] }
}

/** What anchors tell of a log, asked alike of the counterparts of the tests and of those that others wrote. */
export function anchorsALog(database: UsedDatabase, started: () => Promise<Counterparts>): AnchoredLog {
  const log = new AnchoredLog(database)
  beforeAll(async () => log.open(await started()))
  beforeEach(() => {
    log.counterparts.bucket.resume()
    log.counterparts.witness.resume()
  })
  afterAll(() => log.close())
  describe("a witness", () => cosigns(log))
  describe("an old state that was restored", () => findsRollback(log))
  describe("another history that was signed with the same key", () => findsSplitView(log))
  describe("an outbox", () => neverWaits(log))
  return log
}

function cosigns(log: AnchoredLog): void {
  it("is asked by a process that knows nothing of it: the size comes from its 409", async () => {
    const key = witnessKey(log.counterparts.witness.vkey)
    await log.write(log.here(), "one more")
    await log.cosign(log.asking(log.here()), await log.sealAt(log.here()))
    const [{ name, at } = { name: "", at: new Date(0) }] = cosignaturesOf(log.cosigned, [key])
    expect(name).toBe(key.name)
    expect(Math.abs(at.getTime() - Date.now())).toBeLessThan(60_000)
    // Asked about what it has cosigned already it cosigns anew.
    expect(cosignaturesOf(await log.asking(log.here()).keep(log.cosigned), [key])).toHaveLength(2)
  })

  it("that does not know the log, or not its key, refuses with the reason", async () => {
    const [origin = ""] = log.cosigned.split("\n")
    const strange = log.cosigned.replaceAll(origin, `elsewhere.example/${origin}`)
    await expect(log.asking(log.here()).keep(strange)).rejects.toMatchObject({
      code: "WK449",
      message: /does not know this log/,
    })
    const start = `— ${origin} `.length + 20
    const forged = log.cosigned.replace(/^— .*/mu, (line) => {
      return `${line.slice(0, start)}${line[start] === "A" ? "B" : "A"}${line.slice(start + 1)}`
    })
    await expect(log.asking(log.here()).keep(forged)).rejects.toMatchObject({
      code: "WK449",
      message: /not one it trusts/,
    })
  })

  it("that does not answer is one error, and is asked again as if nothing had been", async () => {
    log.counterparts.witness.pause()
    await expect(log.asking(log.here(), 300).keep(log.cosigned)).rejects.toMatchObject({
      code: "WK448",
      message: expect.stringContaining("did not answer within 0.3 seconds"),
    })
    log.counterparts.witness.resume()
    expect(await log.asking(log.here()).keep(log.cosigned)).toContain(witnessKey(log.counterparts.witness.vkey).name)
  })
}

function findsRollback(log: AnchoredLog): void {
  it("looks whole by itself, and is told to be self-attested only", async () => {
    expect(await found(log.there(), [])).toEqual({ anchored: false, names: [] })
  })

  it("is ROLLED_BACK against a file, the object store and the witness", async () => {
    const rolled = { anchored: true, names: ["ROLLED_BACK"] }
    expect(await found(log.there(), [log.newest])).toEqual(rolled)
    const kept = await log.kept()
    expect(new Set(kept)).toEqual(new Set(log.given))
    expect(await found(log.there(), kept)).toEqual(rolled)
    const { rows } = await connected(log.there(), (client) =>
      client.query(
        "select note from wardkeep_audit.checkpoint where log = (select id from wardkeep_audit.log where tenant = '') order by size desc limit 1",
      ),
    )
    await expect(log.asking(log.there()).keep(log.shown(rows[0].note))).rejects.toMatchObject({
      code: "WK451",
      message: /^ROLLED_BACK: witness/,
    })
    expect(await found(log.here(), kept)).toEqual({ anchored: true, names: [] })
  })
}

function findsSplitView(log: AnchoredLog): void {
  it("is SPLIT_VIEW against a file, the object store and the witness, at the first checkpoint and later", async () => {
    const { there } = log
    // Whoever has the key and the superuser: the sealer takes the restored state for its own.
    await connected(there(), (client) =>
      client.query("update wardkeep_audit.seal_state set incarnation = wardkeep_audit.incarnation()"),
    )
    const sealed = async (phone: string): Promise<string> => {
      await log.write(there(), phone)
      return await log.sealAt(there())
    }
    const askedAt = log.asking(there())
    const sameSize = await sealed("another")
    await expect(log.s3.keep(sameSize)).rejects.toMatchObject({ code: "WK451", message: /^SPLIT_VIEW: s3/ })
    await expect(askedAt.keep(log.shown(sameSize))).rejects.toMatchObject({
      code: "WK451",
      message: /^ROLLED_BACK: witness/,
    })
    const atWitness = await sealed("another still")
    await expect(askedAt.keep(log.shown(atWitness))).rejects.toMatchObject({
      code: "WK451",
      message: /^SPLIT_VIEW: witness/,
    })
    const larger = await sealed("more than was ever signed")
    await expect(askedAt.keep(log.shown(larger))).rejects.toMatchObject({
      code: "WK451",
      message: /^SPLIT_VIEW: witness/,
    })
    await log.s3.keep(larger)
    const kept = await log.kept()
    // That it is another database the sealer signs too, and no act says so.
    const split = { anchored: true, names: ["SPLIT_VIEW", "GAP_OF_CAPTURE"] }
    expect(await found(there(), [log.newest])).toEqual(split)
    expect(await found(there(), kept)).toEqual(split)
    expect(await found(there(), [])).toEqual({ anchored: false, names: ["GAP_OF_CAPTURE"] })
    // The true log hears of it too: more was signed under its name than it has, and whatever else the store took.
    const refused = log.counterparts.bucket.isConditional ? [] : ["SPLIT_VIEW"]
    const told = await found(log.here(), kept)
    expect({ ...told, names: told.names.sort() }).toEqual({ anchored: true, names: ["ROLLED_BACK", ...refused] })
  })
}

function neverWaits(log: AnchoredLog): void {
  it("never makes the sealer wait, tells each failure, and sends the newest of what waited", async () => {
    const { bucket, witness } = log.counterparts
    bucket.pause()
    witness.pause()
    const failed: string[] = []
    const kept: string[] = []
    const outbox = openOutbox({
      anchors: [log.store(1500), shownAs(log, log.asking(log.here(), 1500))],
      every: 0,
      onKept: ({ name }, checkpoint) => void kept.push(`${name} ${checkpoint.split("\n")[1]}`),
      onFailed: ({ name }, error) => void failed.push(`${name} ${String(error)}`),
    })
    let size = ""
    for (let batch = 0; batch < 3; batch++) {
      await log.write(log.here(), `${batch}`)
      const checkpoint = await log.sealAt(log.here())
      size = checkpoint.split("\n")[1] ?? ""
      outbox.offer(checkpoint)
      if (batch === 0) {
        expect([...failed, ...kept]).toEqual([])
        await expect.poll(() => failed.length, { timeout: 10_000, interval: 50 }).toBe(2)
      }
      bucket.resume()
      witness.resume()
    }
    await outbox.settle()
    expect(failed).toEqual(
      expect.arrayContaining([
        expect.stringMatching(/^s3.*did not answer/),
        expect.stringMatching(/^witness.*did not answer/),
      ]),
    )
    const { name } = witnessKey(witness.vkey)
    expect(kept).toEqual(expect.arrayContaining([`${log.s3.name} ${size}`, `witness ${name} ${size}`]))
  })
}

/** The same anchor, for checkpoints under the log's own name. */
function shownAs(log: AnchoredLog, anchor: Anchor): Anchor {
  return { name: anchor.name, keep: (checkpoint) => anchor.keep(log.shown(checkpoint)) }
}
