import { generateKeyPairSync } from "node:crypto"
import type { ViewObserver, Watch } from "@wardkeep/postgres"
import { describe, expect, it } from "vitest"
import { viewedPolicy } from "#tests/fixture/audited.ts"
import { useClient } from "#tests/fixture/client.ts"
import { useDatabase } from "#tests/harness/src/use-database.ts"
import { writeBundle } from "../bundle/bundle.js"
import { audit } from "../compile/audit.js"
import { whoSaw } from "../read/read.js"
import { signerFrom } from "../seal/note.js"
import { openSealer } from "../seal/sealer.js"
import { trustedKeys, verifyBundle } from "../verify/index.js"
import { recordViews, type ViewOptions } from "./recorder.js"

const database = useDatabase()
const used = useClient(database, { policy: viewedPolicy(), extensions: [audit], views: recordViews })
const asDoctor = <T>(work: () => Promise<T>): Promise<T> => used.wk.run(used.doctor, work)
const own = (source: string, shown = 1): string =>
  `select wardkeep_audit.record_view('public.patient', '{}', array['someone'], ${shown}, ${source}, null, true) as done`
const waits = "select current_setting('synchronous_commit') as mode"
/** The test server's own default is off. */
const durable = "select set_config('synchronous_commit', 'on', true)"
const unobserved = { reads: [] }

/** What the client sends in the place of a text that it knows. */
async function sentFor(options: ViewOptions, text: string): Promise<string[]> {
  const inner = recordViews(used.clinic.policy, options)
  const sent: string[] = []
  const following = (watch: Watch): Watch => ({
    selfRecording: () => {
      const said = watch.selfRecording()
      if (said !== undefined) sent.push(said)
      return said
    },
    expectsNothing: () => watch.expectsNothing(),
    again: () => following(watch.again()),
    row: (...args) => watch.row(...args),
    restart: () => watch.restart(),
    release: (...args) => watch.release(...args),
  })
  const views: ViewObserver = {
    watch: (call) => following(inner.watch(call)),
    copying: (call, ask) => inner.copying(call, ask),
  }
  const wk = used.make({ views })
  for (let i = 0; i < 2; i++) expect((await wk.run(used.doctor, () => wk.query(text))).rows).toHaveLength(5)
  return sent
}

describe("a view that need not wait for the disk", () => {
  it("is one in a transaction that wrote nothing else; what was written before waits as ever", async () => {
    const modes = async (before: string | undefined): Promise<unknown> =>
      await asDoctor(() =>
        used.wk.tx(async (q) => {
          await q.query(durable)
          if (before !== undefined) await q.query(before)
          await q.query(own("'exact'"), [], unobserved)
          return (await q.query<{ mode: string }>(waits)).rows[0]?.mode
        }),
      )
    expect(await modes(undefined)).toBe("off")
    expect(await modes("update patient set phone = '17'")).toBe("on")
  })

  it("leaves a function that writes inside the statement as safe as it was", async () => {
    const sql = `with shown as materialized (select writes_once() as id)
      select (select wardkeep_audit.record_view('public.patient', '{}', array_agg(shown.id), 1, 'exact', null, true) from shown), m.mode
        from shown, lateral (select current_setting('synchronous_commit') as mode where shown.id is not null) m`
    await used.admin(
      "create table written (id text); create function writes_once() returns text language sql volatile security definer as $$ insert into public.written values ('a') returning id $$; grant execute on function writes_once() to public",
    )
    const mode = await asDoctor(() =>
      used.wk.tx(async (q) => {
        await q.query(durable)
        await q.query(sql, [], unobserved)
        return (await q.query<{ mode: string }>(waits)).rows[0]?.mode
      }),
    )
    expect(mode).toBe("on")
  })

  it("waits where `survives` says so", async () => {
    const [soon] = await sentFor({}, "select id, 1 as soon from patient")
    const [server] = await sentFor({ survives: "server" }, "select id, 1 as server from patient")
    expect(soon).toContain("null, true)")
    expect(server).toContain("null, false)")
  })
})

it("what an application makes up leaves the log readable, counts nobody back, and is of no source of its own", async () => {
  for (const [source, shown] of [
    ["null", 1],
    ["'of my own'", -7],
  ] as const)
    await asDoctor(() => used.wk.query(own(source, shown), [], unobserved))
  await expect(
    asDoctor(() =>
      used.wk.query("select wardkeep_audit.record_view(null, '{}', null, 1, 'exact', null, true)", [], unobserved),
    ),
  ).rejects.toMatchObject({ code: "WK411" })
  const rows = await used.admin<{ n: number; source: string }>(
    "select n, detail::json ->> 'source' as source from wardkeep_audit.event where subject = 'someone' and n < 1 or detail like '{\"source\":\"undetermined\"%' order by id",
  )
  expect(rows).toEqual([
    { n: 1, source: "undetermined" },
    { n: 0, source: "undetermined" },
  ])
})

it("who saw a person is answered by indexes, however long the log is", async () => {
  const tenant = used.clinic.branches[0].clinic
  await used.admin(
    `insert into wardkeep_audit.event (tenant, actor, role, purpose, verb, relation, subject, detail)
     select '${tenant}', 'actor-' || n % 50, 'doctor', 'care', 'view', 'public.patient', 'p' || n % 2000, '{"source":"exact"}' from generate_series(1, 20000) n`,
  )
  await used.admin("update wardkeep_audit.seal_state set snapshot = pg_current_snapshot()::text")
  await used.admin(
    `with made as (insert into wardkeep_audit.log (tenant, seed) values ('${tenant}', sha256('seed')) returning id)
     insert into wardkeep_audit.leaf (log, index, hash, at, xid, event) select made.id, n, sha256('leaf'), now(), '1', -n from made, generate_series(0, 20000) n`,
  )
  await used.admin("analyze wardkeep_audit.event, wardkeep_audit.leaf")
  const plans: string[] = []
  await used.owner(async (client) => {
    const explained = {
      query: async (text: string, values: unknown[] = []) => {
        if (/from wardkeep_audit\.event/.test(text)) {
          const { rows } = await client.query(`explain ${text}`, values)
          plans.push(rows.map((row) => row["QUERY PLAN"]).join("\n"))
        }
        return await client.query(text, values)
      },
    }
    const { rows, coverage } = await whoSaw({
      client: explained as unknown as typeof client,
      tenant,
      subject: "p7",
      reason: "complaint 4",
    })
    expect(rows).toHaveLength(10)
    expect(coverage.unsealed).toBe(1)
  })
  expect(plans.length).toBeGreaterThanOrEqual(2)
  // Only the partition that holds the events: an empty month may be read whole.
  const [full] = await used.admin<{ name: string }>(
    "select relname as name from pg_class where oid = (select tableoid from wardkeep_audit.event where actor = 'actor-1' limit 1)",
  )
  expect(full?.name).toMatch(/^event_/)
  for (const plan of plans) {
    expect(plan).not.toContain(`Seq Scan on ${full?.name}`)
    // From the first leaf on in the order of the index, and not all of them sorted.
    expect(plan).not.toMatch(/(Seq|Bitmap Heap) Scan on leaf/)
  }
  await used.admin("delete from wardkeep_audit.leaf where event <= 0")
  await used.admin(`delete from wardkeep_audit.log where tenant = '${tenant}'`)
})

it("a view of 100,000 persons is one event, which is sealed, verified, handed out, and found for each of them", async () => {
  const persons = Array.from({ length: 100_000 }, (_, index) => `person-${index}`)
  const text = "select wardkeep_audit.record_view('public.patient', '{}', $1, 100000, 'exact', null, false)"
  await asDoctor(() => used.wk.query(text, [persons], unobserved))
  const { privateKey, publicKey } = generateKeyPairSync("ed25519")
  const keys = trustedKeys([publicKey.export({ type: "spki", format: "pem" }).toString()])
  const { deployment } = used.clinic.policy
  const tenant = used.clinic.branches[0].clinic
  const pieces: Buffer[] = []
  await used.owner(async (client) => {
    const signer = signerFrom(privateKey.export({ type: "pkcs8", format: "pem" }).toString())
    await (await openSealer({ client, deployment, signer, heartbeat: 0 })).seal()
    const asked = { client, tenant, reason: "complaint 4" }
    const { rows } = await whoSaw({ ...asked, subject: "person-99999" })
    expect(rows).toMatchObject([{ persons: 100_000, n: 100_000, sealed: true }])
    const write = async (piece: string): Promise<void> => void pieces.push(Buffer.from(piece))
    await writeBundle({ ...asked, deployment, write })
  })
  const bytes = async function* (): AsyncIterable<Uint8Array> {
    yield* pieces
  }
  expect(await verifyBundle({ bytes: bytes(), keys })).toMatchObject({ ok: true, verdicts: [] })
  expect(Buffer.concat(pieces).toString()).toContain("person-54321")
})

describe("the context of a view", () => {
  it("names the branch where it is one, and the one that a context of several was narrowed to", async () => {
    const [first, second] = used.clinic.branches
    const both = await used.issuer.issueSession({
      actor: "of-both",
      mfaAt: new Date(),
      ttl: "PT1H",
      assignments: [
        { tenant: first.clinic, branches: [first.branch, second.branch], role: "doctor", purposes: ["care"] },
      ],
    })
    const branchSeen = async (narrowed?: string): Promise<unknown> => {
      const scope = narrowed === undefined ? {} : { branch: narrowed }
      await used.wk.run(both, scope, () => used.wk.query(own("'exact'"), [], unobserved))
      const rows = await used.admin<{ branch: string | null }>(
        "select branch from wardkeep_audit.event where actor = 'of-both' order by id desc limit 1",
      )
      return rows[0]?.branch
    }
    expect(await branchSeen()).toBeNull()
    expect(await branchSeen(second.branch)).toBe(second.branch)
    await asDoctor(() => used.wk.query(own("'exact'"), [], unobserved))
    const rows = await used.admin(
      "select branch from wardkeep_audit.event where verb = 'view' order by id desc limit 1",
    )
    expect(rows).toEqual([{ branch: first.branch }])
  })

  it("is a part of the statement that writes the event, which only the owner can ask", async () => {
    const plan = await used.owner(async (client) => {
      const { rows } = await client.query("explain select c.actor from wardkeep.in_force() c")
      return JSON.stringify(rows)
    })
    expect(plan).toMatch(/token c|token t/)
    expect(plan).not.toContain("Function Scan")
    const asked = asDoctor(() => used.wk.query("select actor from wardkeep.in_force()"))
    await expect(asked).rejects.toMatchObject({ code: "42501" })
  })
})
