import { generateKeyPairSync } from "node:crypto"
import { asOwner } from "@wardkeep/postgres/migrate"
import pg from "pg"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { viewedPolicy } from "#tests/fixture/audited.ts"
import { useClient } from "#tests/fixture/client.ts"
import { withLogin } from "#tests/fixture/clinic.ts"
import { useDatabase } from "#tests/harness/src/use-database.ts"
import { writeBundle } from "../bundle/bundle.js"
import { audit } from "../compile/audit.js"
import { eraseSubject } from "../erase/erase.js"
import { openHolds, placeLogHold, releaseLogHold } from "../retention/hold.js"
import { signerFrom } from "../seal/note.js"
import { openSealer } from "../seal/sealer.js"
import { recordViews } from "../views/recorder.js"
import { accessReport } from "./access-report.js"
import { handedOut, recordDiff } from "./handed.js"
import { timeline, touched, whoChanged, whoSaw } from "./read.js"

const database = useDatabase()
const used = useClient(database, { policy: viewedPolicy(), extensions: [audit], views: recordViews })
let owner: pg.Client
/** Persons of whose keys the spelling matters. */
let persons: string[] = []
const asked = () => ({ client: owner, tenant: used.clinic.branches[0].clinic, reason: "complaint 4" })
const asOwnerRole = <T>(work: () => Promise<T>): Promise<T> => asOwner(owner, used.clinic.policy, work)
const asDoctor = <T>(work: () => Promise<T>): Promise<T> => used.wk.run(used.doctor, work)
const spellings = (key: string): string[] => [
  key.toUpperCase(),
  `{${key}}`,
  key.replaceAll("-", ""),
  `{${key.toUpperCase().replaceAll("-", "")}}`,
]
const named = async (key: string): Promise<number> => {
  const like =
    "replace(lower(concat(subject, ' ', record, ' ', detail)), '-', '') like '%' || replace($1, '-', '') || '%'"
  const [row] = await used.admin<{ n: number }>(`select count(*)::int as n from wardkeep_audit.event where ${like}`, [
    key,
  ])
  return row?.n ?? 0
}

const pair = generateKeyPairSync("ed25519")
async function seal(): Promise<void> {
  await asOwnerRole(async () => {
    const signer = signerFrom(pair.privateKey.export({ type: "pkcs8", format: "pem" }).toString())
    const sealer = await openSealer({ client: owner, deployment: used.clinic.policy.deployment, signer, heartbeat: 0 })
    await sealer.seal()
    await sealer.close()
  })
}

beforeAll(async () => {
  owner = new pg.Client({ connectionString: withLogin(database.ownerUrl, used.clinic.logins.migrator) })
  await owner.connect()
  const rows = await used.admin<{ id: string }>("select id from patient where branch_id = $1 order by id", [
    used.clinic.branches[0].branch,
  ])
  persons = rows.map(({ id }) => id).filter((id) => /[a-f]/.test(id))
  expect(persons.length).toBeGreaterThan(1)
  await asDoctor(async () => {
    for (const id of persons) {
      await used.wk.query("select id, full_name from patient where id = $1", [id])
      await used.wk.query("update patient set phone = $2 where id = $1", [id, `of ${persons.indexOf(id)}`])
    }
  })
})
afterAll(() => owner.end())

describe("a key that is spelled otherwise than its rows spell it", () => {
  it("finds what the rows' own spelling finds, in every question, and is recorded as the rows spell it", async () => {
    const [key = ""] = persons
    const tenant = asked().tenant
    const relation = "public.patient"
    const questions: ((spelled: string) => Promise<number>)[] = [
      async (subject) => (await timeline({ ...asked(), subject })).rows.filter(({ verb }) => verb === "update").length,
      async (subject) => (await whoSaw({ ...asked(), subject })).rows.length,
      async (subject) => (await touched({ ...asked(), actor: "doctor-0", subject })).rows.length,
      async (record) => (await whoChanged({ ...asked(), relation, record })).rows.length,
      async (record) => (await recordDiff({ ...asked(), relation, record })).rows.length,
      async (subject) =>
        (await accessReport({ ...asked(), subject, requestedBy: "subject" })).rows.filter(({ what }) => what === "view")
          .length,
    ]
    await asOwnerRole(async () => {
      for (const ask of questions) {
        const found = await ask(key)
        expect(found).toBeGreaterThan(0)
        for (const spelled of spellings(key)) expect(await ask(spelled)).toBe(found)
      }
      for (const spelled of spellings(key)) await handedOut({ ...asked(), subject: spelled })
    })
    const readings = await used.admin<{ subject: string; detail: string }>(
      "select subject, detail from wardkeep_audit.event where tenant = $1 and relation = 'wardkeep_audit.event' and subject is not null",
      [tenant],
    )
    expect(readings).toHaveLength((questions.length + 1) * spellings(key).length + questions.length)
    expect(new Set(readings.map(({ subject }) => subject))).toEqual(new Set([key]))
    for (const spelled of spellings(key)) expect(JSON.stringify(readings)).not.toContain(spelled)
  })

  it("opens the same events of a bundle", async () => {
    const [key = ""] = persons
    await seal()
    const bundled = (subject: string): Promise<number> =>
      asOwnerRole(async () => {
        const { events } = await writeBundle({
          ...asked(),
          deployment: used.clinic.policy.deployment,
          subject,
          write: async () => undefined,
        })
        return events
      })
    const found = await bundled(key)
    expect(found).toBeGreaterThan(1)
    for (const spelled of spellings(key)) expect(await bundled(spelled)).toBe(found)
  })

  it("holds and erases the person, and nothing names the person afterwards in any spelling", async () => {
    const [, key = ""] = persons
    const capitals = key.toUpperCase()
    const tenant = asked().tenant
    await used.admin(
      "insert into wardkeep_audit.event (tenant, actor, role, purpose, verb, relation, subject, detail) values ($1, 'asha', 'doctor', 'break_glass', 'break_glass', 'wardkeep.break_glass', $2, '{}')",
      [tenant, capitals],
    )
    await asOwnerRole(async () => {
      await whoSaw({ ...asked(), subject: capitals })
      const hold = await placeLogHold({
        client: owner,
        tenant,
        subject: `{${capitals}}`,
        authority: "court",
        reason: "case",
      })
      expect((await openHolds(owner)).map(({ subject }) => subject)).toEqual([key])
      const erase = () => eraseSubject({ client: owner, tenant, subject: capitals, reason: "request 18" })
      await seal()
      await expect(erase()).rejects.toMatchObject({ code: "WK440" })
      await releaseLogHold({ client: owner, hold, reason: "over" })
      await seal()
      const before = await named(key)
      expect(before).toBeGreaterThan(4)
      expect((await erase()).events).toBe(before)
    })
    expect(await named(key)).toBe(0)
  })
})

it("a spelling is a key's own where the column may hold a text, and a number's where it holds a whole one", async () => {
  const types = {
    "": ["bigint", "integer"],
    "public.word": ["text"],
    "public.both": ["text", "uuid"],
    "public.pair": [],
  }
  const uuid = "ABCDEF00-0000-4000-8000-000000000001"
  const spelled = await asOwnerRole(async () => {
    await owner.query("begin")
    try {
      await owner.query(
        `create or replace function wardkeep_audit.key_types() returns jsonb language sql immutable return '${JSON.stringify(types)}'::jsonb`,
      )
      const { rows } = await owner.query<{ key: string }>(
        "select wardkeep_audit.as_logged(nullif(t, ''), k) as key from unnest($1::text[], $2::text[]) with ordinality u(t, k, n) order by n",
        [
          [
            "",
            "",
            "",
            "",
            "",
            "public.word",
            "public.word",
            "public.both",
            "public.both",
            "public.pair",
            "public.none",
          ],
          ["007", " +7 ", "-0", "7a", uuid, uuid, "007", uuid, "X-1", uuid, uuid],
        ],
      )
      return rows.map(({ key }) => key)
    } finally {
      await owner.query("rollback")
    }
  })
  expect(spelled).toEqual(["7", "7", "0", "7a", uuid, uuid, "007", uuid.toLowerCase(), "X-1", uuid, uuid])
})
