import type { Branch } from "../../examples/express-clinic/src/data/clinics.ts"
import type { World } from "../../examples/express-clinic/src/data/world.ts"
import { targetIn } from "../../examples/express-clinic/src/demo/target.ts"
import type { Visit } from "./recorder.ts"

/** A round through the clinic's pages, as anybody of this branch would make it. */
export function ordinaryVisits(world: World, branch: Branch): Visit[] {
  const { patient, rows } = targetIn(world, branch)
  const day = String(world.care.appointment.find(({ id }) => id === rows.appointment)?.starts_at).slice(0, 10)
  const given = patient.full_name.split(" ")[0] ?? ""
  return [
    "/health",
    "/clinics/aarogya-pune",
    "/me",
    "/sessions",
    "/patients",
    `/patients?search=${given}`,
    `/patients/${patient.id}`,
    `/appointments?day=${day}`,
    `/patients/${patient.id}/notes`,
    `/notes/${rows.clinical_note}/attachments`,
    `/patients/${patient.id}/prescriptions`,
    `/patients/${patient.id}/lab-results`,
    `/patients/${patient.id}/invoices`,
    "/reports/branches",
  ].map((path) => ({ path }))
}
