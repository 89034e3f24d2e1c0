import { generateKeyPairSync } from "node:crypto"
import { apply, asOwner, type Plan, plan } from "@wardkeep/postgres/migrate"
import pg from "pg"
import { afterAll, beforeAll, expect, it } from "vitest"
import { installAudited } from "#tests/fixture/audited.ts"
import { type Clinic, connected, withLogin } from "#tests/fixture/clinic.ts"
import { type Grant, inContext, issueBySql } from "#tests/fixture/token.ts"
import { useDatabase } from "#tests/harness/src/use-database.ts"
import { signerFrom } from "../seal/note.js"
import { openSealer } from "../seal/sealer.js"
import { trustedKeys, verifyDatabase } from "../verify/index.js"
import { audit } from "./audit.js"

const database = useDatabase()
let owners: pg.Pool
let clinic: Clinic
let doctor: Grant

async function owned<T>(work: (client: pg.ClientBase) => Promise<T>): Promise<T> {
  const client = await owners.connect()
  try {
    return await asOwner(client, clinic.policy, () => work(client))
  } finally {
    client.release()
  }
}
const admin = async (text: string): Promise<Record<string, unknown>[]> =>
  await connected(database.adminUrl, async (client) => (await client.query(text)).rows)
const write = async (text: string): Promise<pg.QueryResult> =>
  await connected(withLogin(database.ownerUrl, clinic.logins.app), (client) =>
    inContext(client, doctor, () => client.query(text)),
  )
const planned = async (): Promise<Plan> =>
  await owned((client) => plan({ client, policy: clinic.policy, extensions: [audit] }))
const applied = async (): Promise<void> =>
  void (await owned((client) => apply({ client, policy: clinic.policy, extensions: [audit] })))

/** Which of this month and the next four have a partition, told apart by how many months ahead, and the default's events. */
async function months(): Promise<{ made: number[]; other: number }> {
  const [row] = await admin(`select (select count(*)::int from wardkeep_audit.event_other) as other, array(
      select n from generate_series(0, 4) n where to_regclass('wardkeep_audit.event_' ||
        to_char(clock_timestamp() at time zone 'UTC' + make_interval(months => n), 'YYYY_MM')) is not null) as made`)
  return row as { made: number[]; other: number }
}
/** As if nobody had applied in time: these months have no partition, and what was in them is in the default one. */
const without = async (...ahead: number[]): Promise<void> => {
  for (const n of ahead) {
    const [{ name }] = (await admin(
      `select 'wardkeep_audit.event_' || to_char(clock_timestamp() at time zone 'UTC' + make_interval(months => ${n}), 'YYYY_MM') as name`,
    )) as [{ name: string }]
    await admin(`alter table wardkeep_audit.event detach partition ${name};
      insert into wardkeep_audit.event select * from ${name}; drop table ${name}`)
  }
}

beforeAll(async () => {
  clinic = await installAudited(database.ownerUrl)
  owners = new pg.Pool({ connectionString: withLogin(database.ownerUrl, clinic.logins.migrator), max: 2 })
  const [first] = clinic.branches
  const asked = { role: "doctor", tenant: first.clinic, branches: [first.branch], purposes: ["care"] }
  doctor = (await issueBySql(database.ownerUrl, clinic, [asked]))[0] as Grant
  await write("insert into patient (full_name) values ('Ravi')")
})
afterAll(async () => {
  await owners.end()
})

it("makes this month and three more, and months that were not made in time but have no events", async () => {
  const { other } = await months()
  expect(await months()).toEqual({ made: [0, 1, 2, 3], other: 0 })
  await without(1, 2, 3)
  expect((await planned()).steps.map(({ object }) => object)).toEqual(["wardkeep_audit.event"])
  await applied()
  expect(await months()).toEqual({ made: [0, 1, 2, 3], other })
  expect((await planned()).steps).toEqual([])
})

it("leaves a month whose events are in the default partition there, and makes the others", async () => {
  // Nobody applied for months: writers were not stopped, and their events have no month of their own.
  await without(0, 1, 2, 3)
  await write("update patient set phone = '1'")
  const { other } = await months()
  expect(other).toBeGreaterThan(1)
  await applied()
  expect(await months()).toEqual({ made: [1, 2, 3], other })
  expect((await planned()).steps).toEqual([])
  // A machine whose clock was a month ahead wrote one event before that month was made.
  await without(1)
  await admin(
    `update wardkeep_audit.event set at = at + interval '1 month' where id = (select max(id) from wardkeep_audit.event)`,
  )
  await without(2, 3)
  expect((await planned()).steps).toEqual([])
  await owned((client) => client.query("select wardkeep_audit.make_months(3)"))
  expect(await months()).toEqual({ made: [2, 3], other })
})

it("seals, finds and verifies them like all others", async () => {
  const { privateKey, publicKey } = generateKeyPairSync("ed25519")
  const signer = signerFrom(privateKey.export({ type: "pkcs8", format: "pem" }).toString())
  const keys = trustedKeys([publicKey.export({ type: "spki", format: "pem" }).toString()])
  await write("update patient set phone = '2'")
  await owned(async (client) => {
    const sealer = await openSealer({ client, deployment: clinic.policy.deployment, signer, heartbeat: 0 })
    await sealer.seal()
    await sealer.close()
  })
  const found = await connected(database.adminUrl, (client) => verifyDatabase({ client, keys, anchors: [] }))
  expect(found.verdicts).toEqual([])
  const [sealed] = await admin(
    `select count(*)::int as n from wardkeep_audit.leaf l join wardkeep_audit.event_other e on e.id = l.event`,
  )
  expect(sealed).toEqual({ n: (await months()).other })
})
