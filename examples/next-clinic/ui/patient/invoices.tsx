import { write } from "@/clinic/actions/invoices"
import { wk } from "@/clinic/context"
import type { Visit } from "@/clinic/screen"
import { ActionForm } from "../action-form"
import { Field } from "../field"
import { type InvoiceRow, InvoiceRows } from "../invoice-rows"
import { Card, Empty, More } from "../parts"

export async function Invoices({ visit, id }: { visit: Visit; id: string }) {
  const { words, may } = visit
  const { rows } = await wk.query<InvoiceRow>(
    "select id, number, amount::text as amount, status, memo, issued_at from invoice where patient_id = $1 order by issued_at desc limit 50",
    [id],
  )
  return (
    <Card title={words.invoices} id="invoices">
      {may.does("create", "invoice") && (
        <More summary={words.bill}>
          <ActionForm action={write} button={words.bill}>
            <input type="hidden" name="patient_id" value={id} />
            <div className="pair">
              <Field name="number" label={words.number} max={20} />
              <Field name="rupees" label={words.amount} type="number" />
            </div>
          </ActionForm>
        </More>
      )}
      {rows.length === 0 ? <Empty>{words.none}</Empty> : <InvoiceRows visit={visit} rows={rows} />}
    </Card>
  )
}
