import { wk } from "@/clinic/context"
import { screen } from "@/clinic/screen"
import { searchFor } from "@/clinic/search"
import { Field } from "@/ui/field"
import { Card, Empty } from "@/ui/parts"
import { PatientList, type PatientRow } from "@/ui/patient-list"

export default screen(
  { place: "seen", path: () => "/privacy/seen", title: (words) => words.places.seen },
  async (visit) => {
    const { words, query, may } = visit
    const wanted = (query.search ?? "").trim()
    const { where, values } = searchFor(may, wanted)
    const { rows } =
      wanted.length < 2
        ? { rows: [] }
        : await wk.query<PatientRow>(
            `select id, chart_no, full_name, null as phone, dob::text as dob, null as sex, created_at from patient p ${where} order by full_name limit 20`,
            values,
          )
    return (
      <>
        <p className="soft">{words.seenChoose}</p>
        <search>
          <form method="get" action="/privacy/seen" className="line">
            <Field name="search" type="search" label={words.search} hint={words.searchHint} value={wanted} max={80} />
            <div className="actions">
              <button type="submit">{words.search}</button>
            </div>
          </form>
        </search>
        {wanted.length >= 2 && (
          <Card title={words.found} id="found">
            {rows.length === 0 ? (
              <Empty>{words.noPatients}</Empty>
            ) : (
              <PatientList visit={visit} rows={rows} to={(id) => `/privacy/seen/${id}`} />
            )}
          </Card>
        )}
      </>
    )
  },
)
