import { markPaid } from "@/clinic/actions/invoices"
import type { Visit } from "@/clinic/screen"
import { dayText, moneyText, nameOf } from "@/words"
import { ActionForm } from "./action-form"
import { Go, readable, Tag } from "./parts"

export interface InvoiceRow extends Record<string, unknown> {
  readonly id: string
  readonly number: string
  readonly amount: string
  readonly status: string
  readonly memo: string | null
  readonly issued_at: Date
  readonly patient_id?: string
  readonly full_name?: string | null
  readonly chart_no?: string | null
}

export function InvoiceRows({ visit: { words, language, may }, rows }: { visit: Visit; rows: readonly InvoiceRow[] }) {
  const pays = may.changes("invoice", "status")
  return (
    <ul className="rows">
      {rows.map(({ id, number, amount, status, memo, issued_at, patient_id, full_name, chart_no }) => (
        <li key={id}>
          <div className="row-head">
            <span className="strong">{moneyText(language, amount)}</span>
            {patient_id !== undefined && <Go to={`/patients/${patient_id}`}>{full_name ?? readable(chart_no)}</Go>}
            <span className="soft">
              {number} · {dayText(language, issued_at)} {readable(memo) === "" ? "" : `· ${readable(memo)}`}
            </span>
            <span className="end">
              <Tag of={status}>{nameOf(words.statuses, status)}</Tag>
            </span>
          </div>
          {pays && status === "due" && (
            <ActionForm action={markPaid} button={words.markPaid} quiet inline label={`${words.markPaid}: ${number}`}>
              <input type="hidden" name="id" value={id} />
            </ActionForm>
          )}
        </li>
      ))}
    </ul>
  )
}
