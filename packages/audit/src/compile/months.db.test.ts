import { generateKeyPairSync } from "node:crypto"
import { apply, type Plan, plan } from "@wardkeep/postgres/migrate"
import { beforeAll, expect, it } from "vitest"
import { auditedPolicy } from "#tests/fixture/audited.ts"
import { useClient } from "#tests/fixture/client.ts"
import { connected } from "#tests/fixture/clinic.ts"
import { useDatabase } from "#tests/harness/src/use-database.ts"
import { signerFrom } from "../seal/note.js"
import { openSealer } from "../seal/sealer.js"
import { trustedKeys, verifyDatabase } from "../verify/index.js"
import { audit } from "./audit.js"

const database = useDatabase()
const used = useClient(database, { policy: auditedPolicy(), extensions: [audit] })

const write = async (text: string): Promise<void> => void (await used.wk.run(used.doctor, () => used.wk.query(text)))
const planned = async (): Promise<Plan> =>
  await used.owner((client) => plan({ client, policy: used.clinic.policy, extensions: [audit] }))
const applied = async (): Promise<void> =>
  void (await used.owner((client) => apply({ client, policy: used.clinic.policy, extensions: [audit] })))

/** Which of this month and the next four have a partition, told apart by how many months ahead, and the default's events. */
async function months(): Promise<{ made: number[]; other: number }> {
  const [row] = await used.admin(`select (select count(*)::int from wardkeep_audit.event_other) as other, array(
      select n from generate_series(0, 4) n where to_regclass('wardkeep_audit.event_' ||
        to_char(clock_timestamp() at time zone 'UTC' + make_interval(months => n), 'YYYY_MM')) is not null) as made`)
  return row as { made: number[]; other: number }
}
/** As if nobody had applied in time: these months have no partition, and what was in them is in the default one. */
const without = async (...ahead: number[]): Promise<void> => {
  for (const n of ahead) {
    const [{ name }] = (await used.admin(
      `select 'wardkeep_audit.event_' || to_char(clock_timestamp() at time zone 'UTC' + make_interval(months => ${n}), 'YYYY_MM') as name`,
    )) as [{ name: string }]
    await used.admin(`alter table wardkeep_audit.event detach partition ${name};
      insert into wardkeep_audit.event select * from ${name}; drop table ${name}`)
  }
}

beforeAll(async () => {
  await write("insert into patient (full_name) values ('Ravi')")
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
  await used.admin(
    `update wardkeep_audit.event set at = at + interval '1 month' where id = (select max(id) from wardkeep_audit.event)`,
  )
  await without(2, 3)
  expect((await planned()).steps).toEqual([])
  await used.owner((client) => client.query("select wardkeep_audit.make_months(3)"))
  expect(await months()).toEqual({ made: [2, 3], other })
})

it("seals, finds and verifies them like all others", async () => {
  const { privateKey, publicKey } = generateKeyPairSync("ed25519")
  const signer = signerFrom(privateKey.export({ type: "pkcs8", format: "pem" }).toString())
  const keys = trustedKeys([publicKey.export({ type: "spki", format: "pem" }).toString()])
  await write("update patient set phone = '2'")
  await used.owner(async (client) => {
    const sealer = await openSealer({ client, deployment: used.clinic.policy.deployment, signer, heartbeat: 0 })
    await sealer.seal()
    await sealer.close()
  })
  const found = await connected(database.adminUrl, (client) => verifyDatabase({ client, keys, anchors: [] }))
  expect(found.verdicts).toEqual([])
  const [sealed] = await used.admin(
    `select count(*)::int as n from wardkeep_audit.leaf l join wardkeep_audit.event_other e on e.id = l.event`,
  )
  expect(sealed).toEqual({ n: (await months()).other })
})
