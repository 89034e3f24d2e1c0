import { randomUUID } from "node:crypto"
import type { OpenLogin } from "@wardkeep/example-express-clinic"
import { type Session, wardkeepErrorIn } from "wardkeep"
import { wk } from "./context"
import { parts } from "./parts"

export const personColumns = ["chart_no", "dob", "sex", "phone", "abha", "address", "allergies", "hiv_status"] as const

export type OpenedPerson = Record<(typeof personColumns)[number] | "id" | "full_name", string | null>

interface OpenedNote extends Record<string, unknown> {
  readonly id: string
  readonly diagnosis: string
  readonly body: string
  readonly status: string
  readonly created_at: Date
}

interface OpenedOrder extends Record<string, unknown> {
  readonly id: string
  readonly drug_id: number
  readonly dose: string
  readonly days: number
  readonly created_at: Date
}

/**
 * The context of an emergency of whoever is signed in: as this browser opened it, or gone on with after a lock, which the database
 * records. `"factor"` when it was declared after this browser's second factor; undefined when there is none to open.
 */
export async function emergencyOf({ session, emergencies }: OpenLogin, id: string) {
  const held = emergencies.get(id)
  if (held !== undefined) return held
  try {
    const opened = await parts.issuer.openBreakGlass({ id, session })
    emergencies.set(id, opened)
    return opened
  } catch (error) {
    const code = wardkeepErrorIn(error)?.code
    if (code === "WK202") return "factor"
    if (code === "WK207") return undefined
    throw error
  }
}

/**
 * What an emergency opens, in its own context beside the caller's: one patient, whichever is asked for. Undefined once its minutes
 * have passed or somebody reviewed it.
 */
export async function readOpened(session: Session) {
  const read = async () => {
    const [person] = (
      await wk.query<OpenedPerson>(
        `select id, full_name, ${personColumns.map((name) => (name === "dob" ? "dob::text as dob" : name)).join(", ")} from patient`,
      )
    ).rows
    const notes = await wk.query<OpenedNote>(
      "select id, patient_id, diagnosis, body, status, created_at from clinical_note order by created_at desc limit 50",
    )
    const orders = await wk.query<OpenedOrder>(
      "select id, patient_id, drug_id, dose, days, created_at from prescription order by created_at desc limit 50",
    )
    return { person, notes: notes.rows, orders: orders.rows }
  }
  try {
    return await wk.run(session, { requestId: randomUUID() }, read)
  } catch (error) {
    if (wardkeepErrorIn(error)?.code === "WK102") return undefined
    throw error
  }
}
