import type pg from "pg"
import { branchId, clinicId } from "../data/prepare.ts"
import type { BenchResult } from "../rounds.ts"
import { handWrittenRows } from "./rows.ts"
import { floors, measure, rawClient, type Stage, using } from "./stage.ts"

const mark = /CASE\s+WHEN .*? END AS hiv_status/s
const rowsOfTable = 5_000

/** The mark that hidden columns stand under in a role's view, against a constant NULL in its place; no policy on either side. */
export async function hidden(stage: Stage): Promise<BenchResult[]> {
  const results: BenchResult[] = []
  for (const columns of [1, 10]) results.push(...(await hiddenColumns(stage, columns)))
  return results
}

async function hiddenColumns(stage: Stage, columns: number): Promise<BenchResult[]> {
  return await using(async (later) => {
    const open = async (): Promise<pg.Client> => {
      const raw = await rawClient(stage)
      await makeViews(stage, raw, columns)
      return raw
    }
    const variants = async (text: (view: string) => string, rows: number) => [
      ...(await floors(later, open, "constant", (raw) => handWrittenRows(raw, text("constant"), () => [], rows))),
      {
        name: "marked",
        kind: "note" as const,
        run: handWrittenRows(await later(open()), text("marked"), () => [], rows),
      },
    ]
    const one = (view: string) => `select * from ${view} where id = (select id from anybody)`
    const list = (view: string) => `select * from ${view} order by created_at desc limit 50`
    const named = `${columns} hidden column${columns === 1 ? "" : "s"}`
    const options = { rounds: 61, operations: 50 }
    return [
      await measure(stage, `one row by key, ${named}`, await variants(one, 1), options),
      await measure(stage, `50 rows of a list, ${named}`, await variants(list, 50), options),
    ]
  })
}

/** Two views of the same rows: as `apply` made the one of reception, and with NULL where that has its mark. */
async function makeViews({ measured }: Stage, raw: pg.Client, columns: number): Promise<void> {
  const { rows } = await raw.query<{ text: string }>(
    `select pg_get_viewdef(c.oid) as text from pg_class c join pg_namespace n on n.oid = c.relnamespace
      where c.relname = 'patient' and c.relkind = 'v' and n.nspname like 'wk\\_%\\_r\\_reception'`,
  )
  const made = rows[0]?.text.replace(/FROM (public\.)?patient/, "FROM pg_temp.few").replace(/;\s*$/, "") ?? ""
  const expression = made.match(mark)?.[0].replace(/ AS hiv_status$/, "")
  if (expression === undefined) throw new Error("the view of reception hides no column")
  const more = Array.from({ length: columns - 1 }, (_, column) => `, EXPRESSION AS hidden_${column + 2}`).join("")
  const view = (name: string, instead: string): string =>
    `create temp view ${name} as ${made.replace(mark, () => `${instead} AS hiv_status${more.replaceAll("EXPRESSION", () => instead)}`)}`
  const [clinic, branch] = [clinicId(measured.sizes.clinics), branchId(measured.sizes.clinics, 0)]
  await raw.query(`create temp table few as select * from public.patient
     where clinic_id = '${clinic}' and branch_id = '${branch}' limit ${rowsOfTable}`)
  await raw.query(`create unique index on few (id); create index on few (created_at);
    create temp table anybody as select id from few limit 1; analyze few;
    ${view("marked", expression)}; ${view("constant", "null::text")}`)
}
