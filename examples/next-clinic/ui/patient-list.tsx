import type { Visit } from "@/clinic/screen"
import { dayText, nameOf } from "@/words"
import { Go, readable } from "./parts"

export interface PatientRow extends Record<string, unknown> {
  readonly id: string
  readonly chart_no: string | null
  readonly full_name: string | null
  readonly phone: string | null
  readonly dob: string | null
  readonly sex: string | null
  readonly created_at: Date | null
}

/** Columns that the role does not read are not there at all. */
export function PatientList({
  visit,
  rows,
  to,
}: {
  visit: Visit
  rows: readonly PatientRow[]
  to?: (id: string) => string
}) {
  const { words, language, may } = visit
  const shown = (["phone", "dob", "sex", "created_at"] as const).filter((name) => may.reads("patient", name))
  const cell = (row: PatientRow, name: (typeof shown)[number]): string => {
    const value = row[name]
    if (value === null) return "–"
    if (name === "sex") return nameOf(words.sexes, String(value))
    return name === "phone" ? String(value) : dayText(language, value as string | Date)
  }
  const title = (row: PatientRow): string => row.full_name ?? readable(row.chart_no)
  return (
    <table className="table">
      <thead>
        <tr>
          <th scope="col">{words.whom}</th>
          {shown.map((name) => (
            <th key={name} scope="col">
              {words.fields[name]}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {rows.map((row) => (
          <tr key={row.id}>
            <th scope="row">
              {to === undefined ? title(row) : <Go to={to(row.id)}>{title(row)}</Go>}
              {row.full_name !== null && <span className="soft sub">{readable(row.chart_no)}</span>}
            </th>
            {shown.map((name) => (
              <td key={name} data-label={words.fields[name]}>
                {cell(row, name)}
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  )
}
