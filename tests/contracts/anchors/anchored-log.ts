import { createPublicKey, generateKeyPairSync } from "node:crypto"
import { type Anchor, openSealer, type S3Anchor, s3Anchor, witnessAnchor } from "@wardkeep/audit"
import { trustedKeys } from "@wardkeep/audit/verify"
import { asOwner } from "@wardkeep/postgres/migrate"
import type pg from "pg"
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
export const keys = trustedKeys([logKey.export({ type: "spki", format: "pem" }).toString()])

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
