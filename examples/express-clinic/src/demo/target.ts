import { type CareTable, careTables, type Row } from "../data/care.js"
import type { Branch } from "../data/clinics.js"
import type { Patient } from "../data/patients.js"
import type { World } from "../data/world.js"

/** One row of every kind in a branch: what an attacker would like to reach. */
export interface Target {
  readonly branch: Branch
  readonly patient: Patient
  readonly rows: Readonly<Record<CareTable, string>>
  /** The identifiers above: typed by the attacker, so seeing them echoed proves nothing. */
  readonly given: readonly string[]
}

export function targetIn(world: World, branch: Branch): Target {
  const here = (row: Row): boolean => row.branch_id === branch.id
  const patient = world.patients.find(({ branch_id, abha }) => branch_id === branch.id && abha !== null)
  if (patient === undefined) throw new Error(`nobody lives in ${branch.name}`)
  const pick = (table: CareTable): string => {
    // An unsigned note: it could still be changed, were it ours.
    const row = world.care[table].find((one) => here(one) && (table !== "clinical_note" || one.signed_at === null))
    if (row === undefined) throw new Error(`${branch.name} has no ${table}`)
    return String(row.id)
  }
  const rows = Object.fromEntries(careTables.map((table) => [table, pick(table)])) as Record<CareTable, string>
  const given = [branch.id, branch.clinicId, patient.id, patient.phone, patient.abha ?? "", ...Object.values(rows)]
  return { branch, patient, rows, given }
}
