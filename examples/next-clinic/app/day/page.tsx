import { setAppointment } from "@/clinic/actions/appointments"
import { wk } from "@/clinic/context"
import { screen } from "@/clinic/screen"
import { type AppointmentRow, AppointmentRows } from "@/ui/appointment-rows"
import { Card, Empty, Go } from "@/ui/parts"
import { dayText } from "@/words"

const isDay = (text: string | undefined): text is string =>
  /^20\d{2}-\d{2}-\d{2}$/.test(text ?? "") && new Date(`${text}T00:00Z`).toJSON()?.slice(0, 10) === text
const today = (): string => new Date(Date.now() + 5.5 * 3_600_000).toISOString().slice(0, 10)
const moved = (day: string, by: number): string =>
  new Date(Date.parse(day) + by * 86_400_000).toISOString().slice(0, 10)

export default screen({ place: "day", path: () => "/day", title: (words) => words.places.day }, async (visit) => {
  const { words, language, query } = visit
  const day = isDay(query.day) ? query.day : today()
  const { rows } = await wk.query<AppointmentRow>(
    `select a.id, a.patient_id, a.starts_at, a.reason, a.status, p.full_name, p.chart_no
       from appointment a left join patient p on p.id = a.patient_id
      where a.starts_at >= $1::date::timestamp at time zone 'Asia/Kolkata'
        and a.starts_at < ($1::date + 1)::timestamp at time zone 'Asia/Kolkata'
      order by a.starts_at limit 200`,
    [day],
  )
  const steps = (
    <nav className="actions" aria-label={words.day}>
      <Go to={`/day?day=${moved(day, -1)}`}>{words.previousDay}</Go>
      <Go to={`/day?day=${moved(day, 1)}`}>{words.nextDay}</Go>
    </nav>
  )
  return (
    <Card title={dayText(language, `${day}T06:00:00Z`)} aside={steps} id="day">
      {rows.length === 0 ? (
        <Empty>{words.none}</Empty>
      ) : (
        <AppointmentRows visit={visit} rows={rows} action={setAppointment} />
      )}
    </Card>
  )
})
