import type pg from "pg"
import { branchId, clinicId } from "../data/prepare.ts"
import type { BenchResult } from "../rounds.ts"
import { rounded } from "../statistics.ts"
import { handWrittenRows, protectedRows } from "./rows.ts"
import { any, floors, measure, rawClient, type Stage, using } from "./stage.ts"

const where = "where clinic_id = $1 and branch_id = any ($2)"

const queries = {
  list: (table: string, filter: string) =>
    `select id, full_name, phone, created_at from ${table} ${filter} order by created_at desc limit 50`,
  count: (table: string, filter: string) => `select count(*) from ${table} ${filter}`,
  aggregate: (table: string, filter: string) =>
    `select date_trunc('year', created_at) as year, count(*), sum(balance), max(created_at) from ${table} ${filter} group by 1`,
} as const

/** The same clinics, as large as before, in a table of a tenth and in the whole one: the ratio must not grow. */
export async function scan(stage: Stage): Promise<BenchResult[]> {
  const results: BenchResult[] = []
  const { measured } = stage
  const fewest = Math.max(1, measured.sizes.clinics / 10)
  for (const [kind, query] of Object.entries(queries)) {
    const name = `${kind} of a clinic`
    const result = await using(async (later) => {
      const client = await later(stage.openClient(measured.url(measured.app), { connections: 1 }))
      const clinic = (): number => any(Array.from({ length: Math.floor(fewest) }, (_, number) => number))
      const some = (rows: readonly unknown[]): boolean => rows.length > 0
      const pair = async (table: string, label: string): Promise<BenchResult> => {
        const values = (): unknown[] => {
          const number = clinic()
          const branches = Array.from({ length: measured.sizes.branches }, (_, branch) => branchId(number, branch))
          return [clinicId(number), branches]
        }
        const byHand = (session: pg.Client): (() => Promise<void>) =>
          handWrittenRows(session, query(table, where), values, some)
        const ours = protectedRows(client, query(table, ""), () => [measured.contexts.all(clinic()), []], some)
        return await measure(
          stage,
          `${name}, ${label}`,
          [
            ...(await floors(later, () => rawClient(stage), "hand-written WHERE", byHand)),
            { name: "signed portable", kind: "ours", run: ours },
          ],
          { rounds: 25, operations: kind === "list" ? 60 : 30, warmUp: 3 },
        )
      }
      const tenth = measured.sizes.patients / 10
      return [
        await pair("patient_few", `${tenth} rows, a tenth`),
        await pair("patient", `${measured.sizes.patients} rows, whole table`),
      ] as const
    })
    results.push(...result, growth(name, result))
  }
  return results
}

/** How much the ratio grew while the table grew tenfold. */
function growth(name: string, [few, many]: readonly [BenchResult, BenchResult]): BenchResult {
  const ratio = rounded((many.ours["signed portable"] ?? Number.NaN) / (few.ours["signed portable"] ?? Number.NaN))
  return {
    ...many,
    name: `${name}, growth of the ratio`,
    ours: { "signed portable": ratio },
    notes: {},
    iqr: {},
    microseconds: {},
    added: {},
    floor: "the ratio in the small table",
  }
}
