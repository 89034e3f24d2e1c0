import { notFound } from "next/navigation"
import { correct } from "@/clinic/actions/patients"
import { wk } from "@/clinic/context"
import { isId } from "@/clinic/posted"
import { screen, type Visit } from "@/clinic/screen"
import { ActionForm } from "@/ui/action-form"
import { Card, Facts, Go, More, readable } from "@/ui/parts"
import { Appointments } from "@/ui/patient/appointments"
import { Invoices } from "@/ui/patient/invoices"
import { LabFiles } from "@/ui/patient/lab-files"
import { LabResults } from "@/ui/patient/lab-results"
import { Notes } from "@/ui/patient/notes"
import { Prescriptions } from "@/ui/patient/prescriptions"
import { PersonFields } from "@/ui/person-fields"
import { dayText, nameOf } from "@/words"

const columns = ["chart_no", "dob", "sex", "phone", "abha", "address", "allergies", "hiv_status", "created_at"] as const
const names = [...columns, "id"] as const

type Person = Record<(typeof names)[number] | "full_name", string | null>

export default screen(
  { place: "patients", path: ({ id }) => `/patients/${id}`, title: (words) => words.places.patients },
  async (visit) => {
    const { params, may } = visit
    if (!isId(params.id)) notFound()
    const { rows } = await wk.query<Person>(
      `select id, full_name, chart_no, dob::text as dob, sex, phone, abha, address, allergies, hiv_status,
              created_at::text as created_at from patient where id = $1`,
      [params.id],
    )
    const [person] = rows
    if (person === undefined) notFound()
    const id = params.id
    return {
      heading: person.full_name ?? readable(person.chart_no),
      main: (
        <>
          <Details visit={visit} person={person} />
          <div className="columns">
            {may.does("read", "appointment") && (await Appointments({ visit, id }))}
            {may.does("read", "invoice") && (await Invoices({ visit, id }))}
            {may.does("read", "clinical_note") && (await Notes({ visit, id }))}
            {may.does("read", "prescription") && (await Prescriptions({ visit, id }))}
            {may.does("read", "lab_result") && (await LabResults({ visit, id }))}
            {may.does("read", "lab_file") && (await LabFiles({ visit, id }))}
          </div>
        </>
      ),
    }
  },
)

function Details({ visit: { words, language, may }, person }: { visit: Visit; person: Person }) {
  const text = (name: (typeof names)[number]): string => {
    const value = person[name]
    if (value === null || value === "") return "–"
    if (name === "dob" || name === "created_at") return dayText(language, value)
    if (name === "sex") return nameOf(words.sexes, value)
    if (name === "hiv_status") return nameOf(words.hiv, value)
    return name === "chart_no" ? readable(value) : value
  }
  const shown = names.filter((name) => may.reads("patient", name))
  const changes = (name: string): boolean => may.changes("patient", name)
  return (
    <Card
      title={words.details}
      id="details"
      aside={may.places.includes("seen") && <Go to={`/privacy/seen/${person.id}`}>{words.openSeen}</Go>}
    >
      <Facts of={shown.map((name) => [words.fields[name] ?? name, text(name)])} />
      {may.does("update", "patient") && (
        <More summary={words.correct}>
          <ActionForm action={correct} button={words.save}>
            <input type="hidden" name="id" value={person.id ?? ""} />
            <PersonFields words={words} shows={changes} values={person} />
          </ActionForm>
        </More>
      )}
    </Card>
  )
}
