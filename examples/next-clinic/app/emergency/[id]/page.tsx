import { notFound } from "next/navigation"
import { wk } from "@/clinic/context"
import { emergencyOf, type OpenedPerson, personColumns, readOpened } from "@/clinic/opened"
import { isId } from "@/clinic/posted"
import { screen } from "@/clinic/screen"
import { Card, Empty, Facts, Go, readable, Tag } from "@/ui/parts"
import { dayText, type Language, nameOf, timeText, type Words } from "@/words"

interface Drug extends Record<string, unknown> {
  readonly id: number
  readonly name: string
}

function shown(
  words: Words,
  language: Language,
  value: OpenedPerson["id"],
  name: (typeof personColumns)[number],
): string {
  if (value === null || value === "") return "–"
  if (name === "dob") return dayText(language, value)
  if (name === "sex") return nameOf(words.sexes, value)
  if (name === "hiv_status") return nameOf(words.hiv, value)
  return readable(value)
}

export default screen(
  { place: "emergency", path: ({ id }) => `/emergency/${id}`, title: (words) => words.places.emergency },
  async ({ words, language, login, params }) => {
    if (!isId(params.id)) notFound()
    const opened = await emergencyOf(login, params.id)
    if (opened === undefined) notFound()
    if (opened === "factor")
      return (
        <>
          <p className="soft">{words.emergencyFactor}</p>
          <Go to={`/second-factor?back=/emergency/${params.id}`}>{words.secondFactor}</Go>
        </>
      )
    const read = await readOpened(opened)
    if (read?.person === undefined)
      return (
        <>
          <p className="soft">{read === undefined ? words.emergencyOver : words.emergencyNobody}</p>
          <Go to="/emergency">{words.back}</Go>
        </>
      )
    const { person, notes, orders } = read
    // Reference data is for one's own role, not for that of the emergency.
    const drugs = await wk.query<Drug>("select id, name from drug where id = any ($1)", [
      orders.map((one) => one.drug_id),
    ])
    const drug = new Map(drugs.rows.map(({ id, name }) => [id, name]))
    return {
      heading: person.full_name ?? words.places.emergency,
      main: (
        <>
          <p className="soft">
            {words.openUntil} {timeText(language, opened.expiresAt)}
          </p>
          <Card title={words.details} id="details">
            <Facts
              of={personColumns.map((name) => [words.fields[name] ?? name, shown(words, language, person[name], name)])}
            />
          </Card>
          <div className="columns">
            <Card title={words.notes} id="notes">
              {notes.length === 0 && <Empty>{words.none}</Empty>}
              <ul className="rows">
                {notes.map(({ id, diagnosis, body, status, created_at }) => (
                  <li key={id}>
                    <div className="row-head">
                      <span className="strong">{diagnosis}</span>
                      <Tag of={status}>{nameOf(words.statuses, status)}</Tag>
                      <span className="end soft fine">{dayText(language, created_at)}</span>
                    </div>
                    <p>{readable(body)}</p>
                  </li>
                ))}
              </ul>
            </Card>
            <Card title={words.prescriptions} id="prescriptions">
              {orders.length === 0 && <Empty>{words.none}</Empty>}
              <ul className="rows">
                {orders.map(({ id, drug_id, dose, days, created_at }) => (
                  <li key={id}>
                    <div className="row-head">
                      <span className="strong">{drug.get(drug_id)}</span>
                      <span>
                        {dose} · {days} {words.days.toLowerCase()}
                      </span>
                      <span className="end soft fine">{dayText(language, created_at)}</span>
                    </div>
                  </li>
                ))}
              </ul>
            </Card>
          </div>
        </>
      ),
    }
  },
)
