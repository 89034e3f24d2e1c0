import type { Visit } from "@/clinic/screen"
import { dayText, nameOf, timeText } from "@/words"
import { type Act, ActionForm } from "./action-form"
import { Go, readable, Tag } from "./parts"

export interface AppointmentRow extends Record<string, unknown> {
  readonly id: string
  readonly patient_id: string
  readonly starts_at: Date
  readonly reason: string | null
  readonly status: string
  readonly full_name?: string | null
  readonly chart_no?: string | null
}

const statuses = ["booked", "arrived", "done", "cancelled"] as const

interface Props {
  readonly visit: Visit
  readonly rows: readonly AppointmentRow[]
  readonly action: Act
  /** In a patient's own list: the day instead of the name. */
  readonly ofOne?: boolean
}

export function AppointmentRows({ visit, rows, action, ofOne = false }: Props) {
  const { words, language, may } = visit
  const change = may.changes("appointment", "status")
  return (
    <ul className="rows">
      {rows.map(({ id, patient_id, starts_at, reason, status, full_name, chart_no }) => (
        <li key={id}>
          <div className="row-head">
            <span className="strong">{ofOne ? dayText(language, starts_at) : timeText(language, starts_at)}</span>
            {ofOne ? (
              <span>{timeText(language, starts_at)}</span>
            ) : (
              <Go to={`/patients/${patient_id}`}>{full_name ?? readable(chart_no)}</Go>
            )}
            <span className="soft">{readable(reason)}</span>
            <span className="end">
              <Tag of={status}>{nameOf(words.statuses, status)}</Tag>
            </span>
          </div>
          {change && (status === "booked" || status === "arrived") && (
            <ActionForm
              action={action}
              button={words.setTo}
              quiet
              inline
              label={`${words.setTo}: ${readable(full_name) || dayText(language, starts_at)}, ${timeText(language, starts_at)}`}
            >
              <input type="hidden" name="id" value={id} />
              <div className="field">
                <label className="hidden" htmlFor={`status-${id}`}>
                  {words.status}
                </label>
                <select id={`status-${id}`} name="status" defaultValue={status} key={status}>
                  {statuses.map((one) => (
                    <option key={one} value={one}>
                      {words.statuses[one]}
                    </option>
                  ))}
                </select>
              </div>
            </ActionForm>
          )}
        </li>
      ))}
    </ul>
  )
}
