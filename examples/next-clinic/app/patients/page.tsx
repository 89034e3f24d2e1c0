import { wk } from "@/clinic/context"
import { screen } from "@/clinic/screen"
import { searchFor } from "@/clinic/search"
import { Field } from "@/ui/field"
import { Card, Empty, Go } from "@/ui/parts"
import { PatientList, type PatientRow } from "@/ui/patient-list"

const columns = "id, chart_no, full_name, phone, dob::text as dob, sex, created_at"

export default screen(
  { place: "patients", path: () => "/patients", title: (words) => words.places.patients },
  async (visit) => {
    const { words, query, may } = visit
    const wanted = (query.search ?? "").trim()
    const { where, values } = searchFor(may, wanted)
    // No clinic and no branch in sight: the fence adds them.
    const { rows } = await wk.query<PatientRow>(
      `select ${columns} from patient p ${where} order by p.created_at desc limit 50`,
      values,
    )
    return (
      <>
        <div className="bar">
          {may.reads("patient", "full_name") && (
            <search>
              <form method="get" action="/patients" className="line">
                <Field
                  name="search"
                  type="search"
                  label={words.search}
                  hint={words.searchHint}
                  value={wanted}
                  max={80}
                  optional={words.optional}
                />
                <div className="actions">
                  <button type="submit">{words.search}</button>
                </div>
              </form>
            </search>
          )}
          {may.does("create", "patient") && (
            <Go to="/patients/new" className="button quiet">
              {words.newPatient}
            </Go>
          )}
        </div>
        <Card title={wanted.length < 2 ? words.newest : words.found} id="list">
          {rows.length === 0 ? (
            <Empty>{words.noPatients}</Empty>
          ) : (
            <PatientList visit={visit} rows={rows} to={(id) => `/patients/${id}`} />
          )}
        </Card>
      </>
    )
  },
)
