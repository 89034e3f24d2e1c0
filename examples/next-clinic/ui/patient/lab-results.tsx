import { wk } from "@/clinic/context"
import type { Visit } from "@/clinic/screen"
import { dayText } from "@/words"
import { Card, Empty, readable } from "../parts"

interface Result extends Record<string, unknown> {
  readonly id: string
  readonly test: string
  readonly value: string
  readonly unit: string
  readonly remarks: string | null
  readonly taken_at: Date
}

export async function LabResults({ visit: { words, language }, id }: { visit: Visit; id: string }) {
  const { rows } = await wk.query<Result>(
    "select id, test, value::text as value, unit, remarks, taken_at from lab_result where patient_id = $1 order by taken_at desc limit 50",
    [id],
  )
  return (
    <Card title={words.labResults} id="lab">
      {rows.length === 0 && <Empty>{words.none}</Empty>}
      <ul className="rows">
        {rows.map(({ id: key, test, value, unit, remarks, taken_at }) => (
          <li key={key}>
            <div className="row-head">
              <span className="strong">{test}</span>
              <span>
                {value} {unit}
              </span>
              <span className="end soft fine">{dayText(language, taken_at)}</span>
            </div>
            {remarks !== null && <p className="soft">{readable(remarks)}</p>}
          </li>
        ))}
      </ul>
    </Card>
  )
}
