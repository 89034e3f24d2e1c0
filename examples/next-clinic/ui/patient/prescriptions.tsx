import { prescribe } from "@/clinic/actions/care"
import { wk } from "@/clinic/context"
import type { Visit } from "@/clinic/screen"
import { dayText } from "@/words"
import { ActionForm } from "../action-form"
import { Field, Select } from "../field"
import { Card, Empty, More, readable } from "../parts"

interface Order extends Record<string, unknown> {
  readonly id: string
  readonly drug: string
  readonly strength: string
  /** Null for billing, which sees which drug and for how long. */
  readonly dose: string | null
  readonly days: number
  readonly instructions: string | null
  readonly created_at: Date
}

interface Drug extends Record<string, unknown> {
  readonly id: number
  readonly name: string
  readonly strength: string
}

export async function Prescriptions({ visit: { words, language, may }, id }: { visit: Visit; id: string }) {
  const { rows } = await wk.query<Order>(
    `select p.id, d.name as drug, d.strength, p.dose, p.days, p.instructions, p.created_at
       from prescription p join drug d on d.id = p.drug_id
      where p.patient_id = $1 order by p.created_at desc limit 50`,
    [id],
  )
  const writes = may.does("create", "prescription")
  const drugs = writes ? (await wk.query<Drug>("select id, name, strength from drug order by name")).rows : []
  return (
    <Card title={words.prescriptions} id="prescriptions">
      {writes && (
        <More summary={words.prescribe}>
          <ActionForm action={prescribe} button={words.prescribe}>
            <input type="hidden" name="patient_id" value={id} />
            <Select
              name="drug_id"
              label={words.drug}
              options={drugs.map((drug) => [String(drug.id), `${drug.name} (${drug.strength})`])}
            />
            <div className="pair">
              <Field name="dose" label={words.dose} hint={words.doseHint} max={7} />
              <Field name="days" label={words.days} type="number" />
            </div>
            <Field name="instructions" label={words.instructions} optional={words.optional} />
          </ActionForm>
        </More>
      )}
      {rows.length === 0 && <Empty>{words.none}</Empty>}
      <ul className="rows">
        {rows.map(({ id: key, drug, strength, dose, days, instructions, created_at }) => (
          <li key={key}>
            <div className="row-head">
              <span className="strong">
                {drug} ({strength})
              </span>
              <span>
                {dose === null ? "" : `${dose} · `}
                {days} {words.days.toLowerCase()}
              </span>
              <span className="end soft fine">{dayText(language, created_at)}</span>
            </div>
            {instructions !== null && <p className="soft">{readable(instructions)}</p>}
          </li>
        ))}
      </ul>
    </Card>
  )
}
