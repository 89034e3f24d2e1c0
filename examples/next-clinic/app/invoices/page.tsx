import { wk } from "@/clinic/context"
import { screen } from "@/clinic/screen"
import { type InvoiceRow, InvoiceRows } from "@/ui/invoice-rows"
import { Card, Empty } from "@/ui/parts"

export default screen(
  { place: "invoices", path: () => "/invoices", title: (words) => words.places.invoices },
  async (visit) => {
    const { words, may } = visit
    const { rows } = await wk.query<InvoiceRow>(
      `select i.id, i.number, i.amount::text as amount, i.status, i.memo, i.issued_at, i.patient_id, p.full_name, p.chart_no
       from invoice i left join patient p on p.id = i.patient_id
      where i.status = 'due' order by i.issued_at desc limit 50`,
    )
    return (
      <>
        {may.does("export", "invoice") && (
          <div className="bar">
            <p className="soft">{words.exportHint}</p>
            <a href="/invoices/export" className="button quiet">
              {words.exportInvoices}
            </a>
          </div>
        )}
        <Card title={words.dueInvoices} id="due">
          {rows.length === 0 ? <Empty>{words.none}</Empty> : <InvoiceRows visit={visit} rows={rows} />}
        </Card>
      </>
    )
  },
)
