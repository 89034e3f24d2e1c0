import { readable } from "@/ui/parts"
import { wk } from "./context"

/** Names of patients as far as the role reads them: somebody of another branch, or erased, keeps their number. */
export async function namesOf(ids: readonly (string | null)[]): Promise<(id: string | null) => string> {
  const asked = [...new Set(ids.filter((id) => id !== null))]
  const { rows } = await wk.query<{ id: string; full_name: string | null; chart_no: string | null }>(
    "select id, full_name, chart_no from patient where id::text = any ($1)",
    [asked],
  )
  const known = new Map(rows.map(({ id, full_name, chart_no }) => [id, full_name ?? readable(chart_no)]))
  return (id) => (id === null ? "–" : (known.get(id) ?? id.slice(0, 8)))
}
