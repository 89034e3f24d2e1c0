import { decide } from "wardkeep/consent"
import { consentBars } from "../bars.ts"
import { connected } from "../data/prepare.ts"
import { rounded } from "../statistics.ts"
import { type Ledger, personId } from "./prepare.ts"
import { type ConsentStage, opening } from "./stage.ts"
import type { Measurement } from "./wall.ts"

const others = 8
const text = "select id from patient where id = $1"

/** Statements on other connections, begun when the withdrawal returned, that were still shown the row. */
export async function effect(stage: ConsentStage): Promise<Measurement> {
  const { ledger, people, quick } = stage
  const withdrawals = Math.min(people, quick ? 30 : 300)
  stage.placement.anyCore()
  return await opening(async (open) => {
    const desk = open(ledger)
    const readers = Array.from({ length: others }, () => open(ledger))
    const [care, outreach] = await Promise.all([ledger.session("desk", "care"), ledger.session("caller", "outreach")])
    const backends = await Promise.all(
      readers.map((wk) => wk.run(outreach, () => wk.query<{ pid: number }>("select pg_backend_pid() as pid"))),
    )
    if (new Set(backends.map(({ rows }) => rows[0]?.pid)).size !== others)
      throw new Error("the readers do not have a connection each")
    const seen = async (id: string): Promise<number> => {
      const replies = await Promise.all(readers.map((wk) => wk.run(outreach, () => wk.query(text, [id]))))
      return replies.filter(({ rows }) => rows.length > 0).length
    }
    let late = 0
    for (let number = 0; number < withdrawals; number++) {
      const subject = personId(number)
      if ((await seen(subject)) !== others) throw new Error("a person who said yes was not shown before the withdrawal")
      const decisions = { outreach: "withdrawn" } as const
      await desk.run(care, () => decide(desk, { subject, channel: "desk", method: "spoken", decisions }))
      late += await seen(subject)
    }
    const statements = withdrawals * others
    stage.report(`\n${withdrawals} withdrawals: ${late} of ${statements} next statements were still shown the row`)
    if (late > consentBars.late) throw new Error(`${late} statements were shown a person after the withdrawal`)
    const what = `next statements on ${others} other connections that saw the person, of ${statements} after ${withdrawals} withdrawals`
    return { benches: [], figures: [{ what, unit: "", measured: late, most: consentBars.late }] }
  })
}

/** What `apply` does once where the ledger's objects change: every row about a person is written again. */
export async function refreshing(stage: ConsentStage): Promise<Measurement> {
  const { few, ledger, many, fewPeople, people, manyPeople, report } = stage
  stage.placement.anyCore()
  const sizes = [
    [few, fewPeople],
    [ledger, people],
    [many, manyPeople],
  ] as const
  const figures = []
  for (const [where, count] of [...sizes].sort(([, a], [, b]) => a - b)) {
    const seconds = await refreshed(where, count)
    report(`refresh_all of ${count} persons: ${seconds} s`)
    figures.push({ what: `refresh_all of ${count.toLocaleString("en")} persons`, unit: "s", measured: seconds })
  }
  return { benches: [], figures }
}

async function refreshed({ adminUrl }: Ledger, people: number): Promise<number> {
  return await connected(adminUrl, async (admin) => {
    await admin.query("begin")
    const began = performance.now()
    await admin.query("select wardkeep_consent.refresh_all()")
    const took = (performance.now() - began) / 1000
    const { rows } = await admin.query(
      "select count(*)::integer as n from patient where xmin = pg_current_xact_id()::xid and wk_consent <> 0",
    )
    await admin.query("commit")
    if (rows[0]?.n !== people) throw new Error(`refresh_all wrote ${rows[0]?.n} rows instead of ${people}`)
    return rounded(took, 2)
  })
}
