import { randomBytes } from "node:crypto"
import { expect, it } from "vitest"
import { insertEvents, rowOf } from "#tests/fixture/accesses.ts"
import { useClient } from "#tests/fixture/client.ts"
import { policyWithDetection } from "#tests/fixture/policy.ts"
import { generator, pick } from "#tests/fuzz/random.ts"
import { useDatabase } from "#tests/harness/src/use-database.ts"
import { audit } from "../compile/audit.js"
import { recordViews } from "../views/recorder.js"
import { alerts } from "./alerts.js"
import { unexplained } from "./queue.js"

const database = useDatabase()
const used = useClient(database, {
  policy: policyWithDetection(`d${randomBytes(4).toString("hex")}`),
  extensions: [audit],
  views: recordViews,
})
const accesses = 100_000

/** A month's window of 100,000 accesses, 2,000 persons: prints how long each question takes. */
it("a window of 100,000 accesses", { timeout: 600_000 }, async () => {
  const seed = Number(process.env.WARDKEEP_FUZZ_SEED ?? Date.now() % 2 ** 31)
  const random = generator(seed)
  const { clinic: tenant, branch } = used.clinic.branches[0]
  const from = Date.parse("2026-09-01T00:00:00Z")
  const made = await used.wk.run(used.doctor, () =>
    used.wk.query<{ id: string }>(
      "insert into patient (full_name, phone) select 'P', i::text from generate_series(1, 2000) i returning id",
    ),
  )
  const patients = made.rows.map(({ id }) => id)
  await used.wk.run(used.doctor, () =>
    used.wk.query(
      "insert into visit (patient_id, at, reason) select p, $2::timestamptz, 'r' from unnest($1::uuid[]) p",
      [patients.slice(0, 1_940), new Date(from)],
    ),
  )
  for (let first = 0; first < accesses; first += 10_000) {
    const events = Array.from({ length: 10_000 }, (_, n) => ({
      ...{
        id: 8_000_000 + first + n,
        at: new Date(from + random() * 28 * 86_400_000),
        tenant,
        branch,
        actor: `a${Math.floor(random() * 40)}`,
      },
      ...{
        role: "reception",
        purpose: "care",
        verb: "view",
        relation: "public.patient",
        subjects: [pick(random, patients)],
        phase: null,
        erased: false,
      },
    }))
    await used.admin(insertEvents, [JSON.stringify(events.map(rowOf))])
  }
  await used.admin("analyze wardkeep_audit.event")
  const reviewer = await used.newSession("privacy", 0)
  const asked = {
    client: used.wk,
    from: new Date(from).toISOString(),
    to: new Date(from + 29 * 86_400_000).toISOString(),
    reason: "measure",
  }
  const timed = async <T>(what: string, work: () => Promise<T>): Promise<T> => {
    const begun = performance.now()
    const done = await used.wk.run(reviewer, work)
    process.stdout.write(`detection: ${what}: ${((performance.now() - begun) / 1000).toFixed(2)} s (seed ${seed})\n`)
    return done
  }
  const first = await timed("unexplained, first time, which fills the queue", () => unexplained(asked))
  await timed("unexplained, again", () => unexplained(asked))
  await timed("alerts", () => alerts({ ...asked, policy: used.clinic.policy }))
  const { named, unexplained: waiting } = first.counts
  process.stdout.write(`detection: ${named} accesses, ${waiting} unexplained (seed ${seed})\n`)
  expect(first.counts.named).toBe(accesses)
  expect(first.counts.unexplained).toBeGreaterThan(1_000)
})
