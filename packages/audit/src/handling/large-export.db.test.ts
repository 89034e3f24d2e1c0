import { createHash, randomBytes } from "node:crypto"
import { expect, it } from "vitest"
import { useClient } from "#tests/fixture/client.ts"
import { policyWithHandling } from "#tests/fixture/policy.ts"
import { useDatabase } from "#tests/harness/src/use-database.ts"
import { audit } from "../compile/audit.js"
import { handedOut } from "../read/handed.js"
import { whoSaw } from "../read/read.js"
import { exportRows } from "./transfer.js"

const database = useDatabase()
const used = useClient(database, {
  policy: policyWithHandling(`e${randomBytes(4).toString("hex")}`),
  extensions: [audit],
})
const persons = 100_000

it("an export of 100,000 persons leaves whole, is recorded with its rows, bytes and hash, and is counted in each person's answer", {
  timeout: 120_000,
}, async () => {
  const [place] = used.clinic.branches
  const values = [place.clinic, place.branch]
  const [first] = await used.admin<{ id: string; there: number }>(
    "select min(id::text) as id, count(*)::int as there from patient where clinic_id = $1 and branch_id = $2",
    values,
  )
  // Ten statements: one of all of them passes the client's own limit of 30 s where the machine is busy.
  await used.wk.run(used.doctor, async () => {
    for (let at = 0; at < persons; at += persons / 10)
      await used.wk.query(
        `insert into patient (full_name) select 'person ' || g from generate_series(${at + 1}, ${at + persons / 10}) g`,
      )
  })
  const hash = createHash("sha256")
  let [bytes, most] = [0, 0]
  await used.wk.run(used.doctor, async () => {
    const leaving = await exportRows(used.wk, { relation: "public.patient" }, "select id, full_name from patient")
    for await (const chunk of leaving) {
      hash.update(chunk)
      bytes += chunk.length
      most = Math.max(most, chunk.length)
    }
  })
  expect(bytes).toBeGreaterThan(persons * 40)
  // Handed on as it comes, and never held as a whole.
  expect(most).toBeLessThan(bytes / 20)
  await used.owner(async (client) => {
    const asked = { client, tenant: place.clinic, reason: "complaint 5" }
    const { rows } = await handedOut(asked)
    expect(rows).toMatchObject([
      {
        verb: "export",
        outcome: "completed",
        persons: 0,
        rows: (first?.there ?? 0) + persons,
        bytes,
        sha256: hash.digest("hex"),
      },
    ])
    const { rows: seen, coverage } = await whoSaw({ ...asked, subject: first?.id ?? "" })
    expect(seen).toEqual([])
    expect(coverage.unnamed).toBe(1)
  })
})
