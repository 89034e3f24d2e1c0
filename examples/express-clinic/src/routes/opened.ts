import { type Session, type Wardkeep, wardkeepErrorIn } from "wardkeep"
import { z } from "zod"
import { type ClinicError, oneRow } from "../http/clinic-error.js"
import { note, noteColumns } from "./notes.js"
import { patient, patientColumns } from "./patients.js"

/** What an emergency or a referral shows of its one patient. */
export const openedPatient = z.object({ patient, notes: z.array(note) })

interface Opened {
  readonly session: Session
  readonly patient: string
  readonly requestId: string
  /** What to answer once it has ended. */
  over(): ClinicError
}

/** Reads in the second context, beside the caller's own. It holds one patient; any other id finds nothing. */
export async function readOpened(wk: Wardkeep, { session, patient: id, requestId, over }: Opened) {
  const read = async () => {
    const found = await wk.query(`select ${patientColumns} from patient where id = $1`, [id])
    const notes = await wk.query(`select ${noteColumns} from clinical_note where patient_id = $1`, [id])
    return { patient: oneRow(found.rows, "patient"), notes: notes.rows }
  }
  return await wk.run(session, { requestId }, read).catch((error: unknown) => {
    throw wardkeepErrorIn(error)?.code === "WK102" ? over() : error
  })
}
