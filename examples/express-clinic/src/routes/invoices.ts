import { Readable } from "node:stream"
import { pipeline } from "node:stream/promises"
import { exportFile } from "wardkeep/audit"
import { z } from "zod"
import { oneRow } from "../http/clinic-error.js"
import { assertMay } from "../http/permission.js"
import { byId, type Route, route } from "../http/route.js"
import { columnsOf, insertOf, moment } from "./columns.js"
import { type LoginParts, signedIn } from "./me.js"

const invoice = z.object({
  id: z.uuid(),
  patient_id: z.uuid(),
  number: z.string(),
  amount: z.string().describe("paise"),
  status: z.string(),
  memo: z.string().nullable(),
  issued_at: moment,
})
const selected = columnsOf(invoice)
const bill = z.strictObject({
  number: z.string().regex(/^[A-Z0-9/-]{1,20}$/),
  amount: z.int().min(0).max(1_000_000_000),
  memo: z.string().max(200).optional(),
})

export function invoiceRoutes({ wk, clock }: LoginParts): Route[] {
  return [
    route({
      method: "get",
      path: "/invoices/export",
      does: ["export", "invoice"],
      summary: "Every invoice you may see, as a file to take away; needs a recent second factor",
      reply: z.object({ invoices: z.array(invoice) }),
      async handle({ login, response }) {
        assertMay(signedIn(login), ["export", "invoice"], new Date(clock()))
        const { rows } = await wk.query(`select ${selected} from invoice order by issued_at desc limit 10000`)
        const file = "invoices.json"
        const bytes = Readable.from([JSON.stringify({ invoices: rows })])
        // Committed before the first byte; how many bytes left, and their SHA-256, behind the last.
        const leaving = await exportFile(wk, { relation: "public.invoice", file }, bytes)
        response.attachment(file)
        await pipeline(leaving, response)
        return { invoices: rows }
      },
    }),
    route({
      method: "get",
      path: "/patients/:id/invoices",
      does: ["read", "invoice"],
      summary: "A patient's invoices",
      params: byId,
      reply: z.object({ invoices: z.array(invoice) }),
      async handle({ params }) {
        const { rows } = await wk.query(
          `select ${selected} from invoice where patient_id = $1 order by issued_at desc limit 100`,
          [params.id],
        )
        return { invoices: rows }
      },
    }),
    route({
      method: "post",
      path: "/patients/:id/invoices",
      does: ["create", "invoice"],
      summary: "Bills a patient",
      params: byId,
      body: bill,
      reply: invoice,
      status: 201,
      async handle({ params, body }) {
        const { columns, marks, values } = insertOf({ ...body, patient_id: params.id })
        const { rows } = await wk.query(
          `insert into invoice (${columns}) values (${marks}) returning ${selected}`,
          values,
        )
        return oneRow(rows, "patient")
      },
    }),
    route({
      method: "patch",
      path: "/invoices/:id",
      does: ["update", "invoice"],
      summary: "Marks an invoice paid or void",
      params: byId,
      body: z.strictObject({ status: z.enum(["due", "paid", "void"]) }),
      reply: invoice,
      async handle({ params, body }) {
        const { rows } = await wk.query(`update invoice set status = $2 where id = $1 returning ${selected}`, [
          params.id,
          body.status,
        ])
        return oneRow(rows, "invoice")
      },
    }),
  ]
}
