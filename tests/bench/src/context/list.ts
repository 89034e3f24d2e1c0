import type pg from "pg"
import { branchId, clinicId, type Session } from "../data/prepare.ts"
import type { BenchResult } from "../rounds.ts"
import { handWrittenRows, protectedRows } from "./rows.ts"
import { floors, measure, rawClient, type Stage, using } from "./stage.ts"

const columns = "id, full_name, phone, created_at"
const ours = `select ${columns} from patient order by created_at desc limit 50`

/** The commonest screen: the newest fifty, by a query that names neither clinic nor branch. */
export async function list(stage: Stage): Promise<BenchResult[]> {
  const { measured } = stage
  const big = measured.sizes.clinics
  const hand = (scope: string): string =>
    `select ${columns} from patient where clinic_id = $1 and ${scope} order by created_at desc limit 50`
  const all = Array.from({ length: measured.sizes.branches }, (_, branch) => branchId(big, branch))
  const compared = async (name: string, session: Session, scope: string, scoped: unknown): Promise<BenchResult> =>
    await using(async (later) => {
      const client = await later(stage.openClient(measured.url(measured.app), { connections: 1 }))
      const byHand = (session: pg.Client): (() => Promise<void>) =>
        handWrittenRows(session, hand(scope), () => [clinicId(big), scoped], 50)
      return await measure(
        stage,
        name,
        [
          ...(await floors(later, () => rawClient(stage), "hand-written WHERE", byHand)),
          { name: "signed portable", kind: "ours", run: protectedRows(client, ours, () => [session, []], 50) },
        ],
        { rounds: 31, operations: 40 },
      )
    })
  const { contexts, sizes } = measured
  return [
    await compared(
      `newest 50 in a branch of ${sizes.bigBranch}`,
      contexts.one(big, 0),
      "branch_id = $2",
      branchId(big, 0),
    ),
    await compared("newest 50 in five branches", contexts.all(big), "branch_id = any ($2)", all),
    await compared("newest 50 in a twentieth of a clinic", contexts.one(big, 1), "branch_id = $2", branchId(big, 1)),
  ]
}
