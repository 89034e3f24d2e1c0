import { randomBytes } from "node:crypto"
import { expect, it } from "vitest"
import { useClient } from "#tests/fixture/client.ts"
import { policyWithHandling } from "#tests/fixture/policy.ts"
import { useDatabase } from "#tests/harness/src/use-database.ts"
import { audit } from "../compile/audit.js"
import { openShare, share } from "./share.js"

const used = useClient(useDatabase(), {
  policy: policyWithHandling(`o${randomBytes(4).toString("hex")}`),
  extensions: [audit],
})
const asDoctor = <T>(work: () => Promise<T>): Promise<T> => used.wk.run(used.doctor, work)
const open = "select wardkeep_audit.open_share($1, $2) as answer"
const told = "select wardkeep_audit.opened_share($1) as answer"

interface Answer {
  readonly answer: string | null
}

async function shared(opens: number): Promise<{ id: string; code: string; plain: string }> {
  const [row] = await used.admin<{ id: string }>("select id from patient where branch_id = $1 order by id", [
    used.clinic.branches[0].branch,
  ])
  const until = new Date(Date.now() + 3_600_000)
  const what = { relation: "public.patient", record: row?.id ?? "", recipient: "Dr Rao", until, opens }
  const { id, code } = await asDoctor(() => share(used.wk, what))
  return { id, code, plain: code.replaceAll("-", "") }
}

const openings = async (id: string): Promise<[number, number]> => {
  const [row] = await used.admin<{ counted: number; events: number }>(
    `select opened as counted, (select count(*)::int from wardkeep_audit.event e where e.verb = 'share'
       and e.detail::json ->> 'share' = s.id::text and e.detail::json ->> 'phase' = 'opened') as events from wardkeep_audit.share s where id = $1`,
    [id],
  )
  return [row?.counted ?? -1, row?.events ?? -1]
}

it("a transaction that can still roll back is not told what it opened, not in a savepoint either", async () => {
  const made = await shared(1)
  const undone = new Error("undone")
  for (let time = 0; time < 3; time++) {
    let opening: unknown
    const tried = asDoctor(() =>
      used.wk.tx(async (q) => {
        const { rows } = await q.query<Answer>(open, [made.id, made.plain])
        opening = rows[0]?.answer
        expect((await q.query<Answer>(told, [opening])).rows).toEqual([{ answer: null }])
        await q.tx(async (inner) => {
          expect((await inner.query<Answer>(told, [opening])).rows).toEqual([{ answer: null }])
        })
        throw undone
      }),
    )
    await expect(tried).rejects.toBe(undone)
    // A number that says nothing of the record, and opens nothing where its opening was undone.
    expect(opening).toMatch(/^\d+-\d+$/)
    expect((await asDoctor(() => used.wk.query<Answer>(told, [opening]))).rows).toEqual([{ answer: null }])
  }
  expect(await openings(made.id)).toEqual([0, 0])
  expect(await asDoctor(() => openShare(used.wk, made))).toMatchObject({ recipient: "Dr Rao", left: 0 })
  expect(await openings(made.id)).toEqual([1, 1])
  await expect(asDoctor(() => openShare(used.wk, made))).rejects.toMatchObject({ code: "WK432" })
})

it("an opening is told to the session that opened it, and for a minute", async () => {
  const made = await shared(2)
  const opening = await asDoctor(async () => (await used.wk.query<Answer>(open, [made.id, made.plain])).rows[0]?.answer)
  const ask = () => used.wk.query<Answer>(told, [opening])
  const again = await used.newSession("doctor", 0, ["care"])
  expect((await used.wk.run(again, ask)).rows).toEqual([{ answer: null }])
  expect((await used.wk.run(used.other, ask)).rows).toEqual([{ answer: null }])
  expect((await asDoctor(ask)).rows).toMatchObject([{ answer: { recipient: "Dr Rao", left: 1 } }])
  for (const wrong of ["", "1-1", "99999999999999999999-1", "x"])
    expect((await asDoctor(() => used.wk.query<Answer>(told, [wrong]))).rows).toEqual([{ answer: null }])
  await used.admin(
    "update wardkeep_audit.event set at = at - interval '61 seconds' where detail::json ->> 'share' = $1",
    [made.id],
  )
  expect((await asDoctor(ask)).rows).toEqual([{ answer: null }])
})
