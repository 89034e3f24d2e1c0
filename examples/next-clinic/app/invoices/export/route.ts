import { Readable } from "node:stream"
import { assertAllowed } from "@wardkeep/permissions"
import { wardkeepErrorIn } from "wardkeep"
import { exportFile } from "wardkeep/audit"
import { clinic, currentLogin, wk } from "@/clinic/context"
import { matrix } from "@/clinic/menu"

const to = (location: string): Response => new Response(null, { status: 303, headers: { location } })

/** Every invoice one may see, as a file: in the audit log before the first byte leaves, and with its SHA-256 behind the last. */
export const GET = clinic.route(async () => {
  const login = await currentLogin()
  const grant = login?.session.grants[0]
  if (login === undefined || grant === undefined) return to("/sign-in")
  const { actor } = login.session
  try {
    // The database cannot see what becomes of rows, so this cell is asked here.
    assertAllowed(
      matrix,
      { ...grant, actor, mfaAt: login.mfaAt, now: new Date() },
      { action: "export", table: "invoice" },
    )
    const { rows } = await wk.query(
      "select id, patient_id, number, amount::text as amount, status, memo, issued_at from invoice order by issued_at desc limit 10000",
    )
    const file = "invoices.json"
    const bytes = Readable.from([JSON.stringify({ invoices: rows })])
    const leaving = await exportFile(wk, { relation: "public.invoice", file }, bytes)
    const body = Readable.toWeb(Readable.from(leaving)) as ReadableStream<Uint8Array>
    return new Response(body, {
      headers: { "content-type": "application/json", "content-disposition": `attachment; filename="${file}"` },
    })
  } catch (error) {
    if (wardkeepErrorIn(error)?.code === "WK204") return to("/second-factor")
    throw error
  }
})
