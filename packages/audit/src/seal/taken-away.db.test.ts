import { generateKeyPairSync } from "node:crypto"
import { asOwner } from "@wardkeep/postgres/migrate"
import type pg from "pg"
import { beforeAll, expect, it } from "vitest"
import { installAudited } from "#tests/fixture/audited.ts"
import { type Clinic, connected, withLogin } from "#tests/fixture/clinic.ts"
import { useDatabase } from "#tests/harness/src/use-database.ts"
import { readCoverage } from "../read/coverage.js"
import { trustedKeys, verifyDatabase } from "../verify/index.js"
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
const seal = (): Promise<unknown> =>
  owned(async (client) => {
    const sealer = await openSealer({ client, deployment: clinic.policy.deployment, signer, heartbeat: 0 })
    await sealer.seal()
    await sealer.close()
  })
const verdicts = async (): Promise<string[]> =>
  (await admin((client) => verifyDatabase({ client, keys }))).verdicts.map(({ name, message }) => `${name} ${message}`)

beforeAll(async () => {
  clinic = await installAudited(database.ownerUrl)
})

it("a rule that was put on the log and taken away again between two batches is told, at once and by the next", async () => {
  await seal()
  const told = await verdicts()
  await owned((client) =>
    client.query(`create rule quiet as on insert to wardkeep_audit.event do instead nothing;
      drop rule quiet on wardkeep_audit.event`),
  )
  expect((await verdicts()).slice(told.length)).toEqual([
    expect.stringMatching(/^GAP_OF_CAPTURE capture was changed without an apply, since /),
  ])
  await seal()
  await seal()
  expect((await verdicts()).slice(told.length)).toEqual([
    expect.stringMatching(/^GAP_OF_CAPTURE capture was changed without an apply, between /),
  ])
})

it("a view in the place of the log is told, and so it is to whoever asks the log", async () => {
  await seal()
  const told = await verdicts()
  await admin((client) =>
    client.query(`alter table wardkeep_audit.event rename to event_was;
      create view wardkeep_audit.event as select * from wardkeep_audit.event_was;
      create rule quiet as on insert to wardkeep_audit.event do instead nothing`),
  )
  try {
    const said = (await verdicts()).slice(told.length).map((line) => line.replace(/^GAP_OF_CAPTURE .*now: /, ""))
    expect(said).toEqual(
      expect.arrayContaining([
        "detached partition wardkeep_audit.event_other",
        "kind of wardkeep_audit.event",
        "rule quiet on wardkeep_audit.event",
      ]),
    )
    const [{ clinic: tenant }] = clinic.branches
    const { off } = await admin((client) => readCoverage(client, tenant))
    expect(off).toContain("wardkeep_audit.event")
  } finally {
    await admin((client) =>
      client.query("drop view wardkeep_audit.event; alter table wardkeep_audit.event_was rename to event"),
    )
  }
  expect(await verdicts()).toEqual(told)
})
