import type pg from "pg"
import { single } from "../peers/peer.ts"
import type { BenchResult } from "../rounds.ts"
import { any, contextOf, floors, measure, rawClient, type Stage, using } from "./stage.ts"

const columns = "p.clinic_id, p.full_name, v.at, v.reason, n.body"

const hand = `select ${columns} from patient p
  join visit v on v.clinic_id = p.clinic_id and v.branch_id = p.branch_id and v.patient_id = p.id
  join note n on n.clinic_id = v.clinic_id and n.branch_id = v.branch_id and n.visit_id = v.id
 where p.clinic_id = $1 and p.id = $2`

const ours = `select ${columns} from patient p join visit v on v.patient_id = p.id join note n on n.visit_id = v.id where p.id = $1`

/** Three protected tables: every one of them is fenced, so every one of them verifies. */
export async function join(stage: Stage): Promise<BenchResult[]> {
  return await using(async (later) => {
    const { measured } = stage
    const portable = await later(stage.openClient(measured.url(measured.app), { connections: 1 }))
    const accelerated =
      measured.acceleratedUrl &&
      (await later(stage.openClient(measured.acceleratedUrl(measured.app), { connections: 1 })))
    const byHand = (raw: pg.Client) => async (): Promise<void> => {
      const { clinic, id } = any(stage.patients)
      single((await raw.query({ name: "join", text: hand, values: [clinic, id] })).rows, clinic)
    }
    const signed = (client: typeof portable) => async (): Promise<void> => {
      const patient = any(stage.patients)
      const { rows } = await client.run(contextOf(stage, patient), () => client.query(ours, [patient.id]))
      single(rows, patient.clinic)
    }
    return [
      await measure(
        stage,
        "join of three protected tables",
        [
          ...(await floors(later, () => rawClient(stage), "hand-written WHERE", byHand)),
          { name: "signed portable", kind: "ours", run: signed(portable) },
          ...(accelerated === undefined
            ? []
            : [{ name: "signed accelerated", kind: "ours" as const, run: signed(accelerated) }]),
        ],
        { rounds: 31, operations: 80 },
      ),
    ]
  })
}
