import { roleNamesOfBench } from "../data/policy.ts"
import { patientColumns, single } from "../peers/peer.ts"
import type { BenchResult } from "../rounds.ts"
import { any, measure, type Stage, using } from "./stage.ts"

/** The server plans a protected statement anew when another role runs it under the same name. */
export async function roles(stage: Stage): Promise<BenchResult[]> {
  return await using(async (later) => {
    const { measured } = stage
    const client = await later(stage.openClient(measured.url(measured.app), { connections: 1 }))
    let turn = 0
    const read = async (role: (typeof roleNamesOfBench)[number]): Promise<void> => {
      const patient = any(stage.patients)
      const session = measured.contexts.one(patient.clinicNumber, patient.branchNumber, role)
      const { rows } = await client.run(session, () =>
        client.query(`select ${patientColumns} from patient where id = $1`, [patient.id]),
      )
      single(rows, patient.clinic)
    }
    return [
      await measure(
        stage,
        "three roles in turn on one connection",
        [
          { name: "one role", kind: "floor", run: () => read("doctor") },
          { name: "one role again", kind: "noise", run: () => read("doctor") },
          { name: "three roles", kind: "ours", run: () => read(roleNamesOfBench[turn++ % 3] ?? "doctor") },
        ],
        { rounds: 31, operations: 150 },
      ),
    ]
  })
}
