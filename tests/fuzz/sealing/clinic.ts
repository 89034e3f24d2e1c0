import { generateKeyPairSync, type KeyObject } from "node:crypto"
import { writeFile } from "node:fs/promises"
import { join } from "node:path"
import { audit } from "@wardkeep/audit"
import { trustedKeys } from "@wardkeep/audit/verify"
import { emptyFolder, writePolicy } from "../../cli/run-cli.ts"
import { viewedPolicy } from "../../fixture/audited.ts"
import { type Clinic, connected, installClinic, withLogin } from "../../fixture/clinic.ts"
import { type Grant, inContext, issueBySql } from "../../fixture/token.ts"
import { serverBinaries } from "../../harness/src/binaries.ts"
import { type EmbeddedServer, startEmbedded } from "../../harness/src/embedded.ts"
import { legFromEnvironment, majorOf } from "../../harness/src/leg.ts"
import { urlFor, withClient } from "../../harness/src/sql.ts"
import { recordKey } from "./ledger.ts"

/** A clinic on a server of its own, on which transactions can be prepared. */
export interface FuzzedClinic {
  readonly server: EmbeddedServer
  readonly clinic: Clinic
  readonly adminUrl: string
  readonly appUrl: string
  readonly migratorUrl: string
  /** Of each branch: who may write there, and the records that all its writers write. */
  readonly branches: readonly {
    readonly tenant: string
    readonly grant: Grant
    readonly contended: readonly number[]
  }[]
  /** Holds policy file, `seal.pem` and `seal.pub`; the commands run there. */
  readonly folder: string
  readonly keys: readonly KeyObject[]
}

const hours = 12

/** Of this leg's version. */
export async function startClinic(): Promise<FuzzedClinic> {
  const binaries = serverBinaries(majorOf(legFromEnvironment()))
  const settings = { max_prepared_transactions: 60, max_wal_size: "4GB" }
  const server = await startEmbedded({ settings, ...(binaries !== undefined && { binaries }) })
  try {
    await withClient(server.url, (client) => client.query("create database clinic"))
    const adminUrl = urlFor(server.url, "clinic")
    const clinic = await installClinic(adminUrl, { policy: viewedPolicy(), extensions: [audit] })
    const url = (name: "app" | "migrator"): string => withLogin(adminUrl, clinic.logins[name])
    const folder = await emptyFolder()
    await writePolicy(folder, clinic.policy.deployment)
    const keys = await writeKeys(folder)
    const branches = await openBranches(adminUrl, clinic)
    return { server, clinic, adminUrl, appUrl: url("app"), migratorUrl: url("migrator"), branches, folder, keys }
  } catch (error) {
    await server.stop()
    throw error
  }
}

async function writeKeys(folder: string): Promise<KeyObject[]> {
  const { privateKey, publicKey } = generateKeyPairSync("ed25519")
  const open = publicKey.export({ type: "spki", format: "pem" }).toString()
  await writeFile(join(folder, "seal.pem"), privateKey.export({ type: "pkcs8", format: "pem" }))
  await writeFile(join(folder, "seal.pub"), open)
  return trustedKeys([open])
}

async function openBranches(adminUrl: string, clinic: Clinic): Promise<FuzzedClinic["branches"]> {
  const opened: FuzzedClinic["branches"][number][] = []
  for (const [index, { clinic: tenant, branch }] of clinic.branches.entries()) {
    const asked = { role: "doctor", tenant, branches: [branch], purposes: ["care"] }
    const [grant] = await issueBySql(adminUrl, clinic, [asked], { ttl_seconds: hours * 3600 })
    if (grant === undefined) throw new Error("no session was issued")
    opened.push({ tenant, grant, contended: [1, 2, 3].map((n) => index * 10 + n) })
  }
  return opened
}

/** The record that the visits of a writer belong to. */
export const patientOf = (writer: number): number => 1000 + writer

/** The patients that the writers need, before anybody counts. */
export async function addPatients(
  { appUrl, branches }: FuzzedClinic,
  writersOf: (branch: number) => readonly number[],
): Promise<void> {
  for (const [index, { grant, contended }] of branches.entries()) {
    const keys = [...contended, ...writersOf(index).map(patientOf)].map(recordKey)
    await connected(appUrl, (client) =>
      inContext(client, grant, () =>
        client.query("insert into patient (id, full_name) select k, 'of the fuzz' from unnest($1::uuid[]) k", [keys]),
      ),
    )
  }
}
