import { book, setAppointment } from "@/clinic/actions/appointments"
import { wk } from "@/clinic/context"
import type { Visit } from "@/clinic/screen"
import { ActionForm } from "../action-form"
import { type AppointmentRow, AppointmentRows } from "../appointment-rows"
import { Field } from "../field"
import { Card, Empty, More } from "../parts"

/** Called, not rendered by React: what reads is called where the context is in force. */
export async function Appointments({ visit, id }: { visit: Visit; id: string }) {
  const { words, may } = visit
  const { rows } = await wk.query<AppointmentRow>(
    "select id, patient_id, starts_at, reason, status from appointment where patient_id = $1 order by starts_at desc limit 50",
    [id],
  )
  return (
    <Card title={words.appointments} id="appointments">
      {rows.length === 0 ? (
        <Empty>{words.none}</Empty>
      ) : (
        <AppointmentRows visit={visit} rows={rows} action={setAppointment} ofOne />
      )}
      {may.does("create", "appointment") && (
        <More summary={words.book}>
          <ActionForm action={book} button={words.book}>
            <input type="hidden" name="patient_id" value={id} />
            <Field name="starts_at" id="book-at" type="datetime-local" label={words.when} />
            <Field name="reason" id="book-reason" label={words.reason} max={200} />
          </ActionForm>
        </More>
      )}
    </Card>
  )
}
