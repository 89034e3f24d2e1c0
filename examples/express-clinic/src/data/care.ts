import type { Branch } from "./clinics.js"
import { drugs } from "./drugs.js"
import { moment, type Patient } from "./patients.js"
import type { Random } from "./random.js"

type Cell = string | number | null
export type Row = Readonly<Record<string, Cell>>

export const careTables = [
  "appointment",
  "prescription",
  "clinical_note",
  "attachment",
  "lab_result",
  "lab_file",
  "invoice",
] as const
export type CareTable = (typeof careTables)[number]

const complaints = [
  ["fever and body ache", "viral fever"],
  ["cough since a week", "acute bronchitis"],
  ["burning while passing urine", "urinary tract infection"],
  ["knee pain", "osteoarthritis"],
  ["skin rash", "contact dermatitis"],
  ["follow-up, blood sugar", "type 2 diabetes mellitus"],
  ["headache", "migraine"],
  ["antenatal visit", "pregnancy, second trimester"],
  ["loose motions", "acute gastroenteritis"],
  ["blood pressure check", "essential hypertension"],
] as const
const tests = [
  ["Haemoglobin", "g/dL", 9, 17],
  ["Fasting glucose", "mg/dL", 70, 260],
  ["HbA1c", "%", 5, 11],
  ["TSH", "mIU/L", 1, 9],
  ["Creatinine", "mg/dL", 1, 3],
  ["Platelets", "10^9/L", 90, 420],
  ["Vitamin D", "ng/mL", 8, 60],
] as const

/** Everything that one patient left behind in a branch. */
export function makeCare(
  random: Random,
  branch: Branch,
  doctor: string,
  patient: Patient,
  number: number,
): Record<CareTable, Row[]> {
  const rows: Record<CareTable, Row[]> = {
    appointment: [],
    prescription: [],
    clinical_note: [],
    attachment: [],
    lab_result: [],
    lab_file: [],
    invoice: [],
  }
  const own = (): Row => ({
    clinic_id: branch.clinicId,
    branch_id: branch.id,
    id: random.uuid(),
    patient_id: patient.id,
  })
  const mark = (text: string): string => `${text} [${branch.canary}]`
  for (let visit = 0; visit < random.pick([1, 1, 1, 2]); visit++) {
    const at = moment(random, 30)
    const [reason, diagnosis] = random.pick(complaints)
    const status = random.pick(["done", "done", "done", "cancelled", "booked"])
    rows.appointment.push({ ...own(), starts_at: at, reason: mark(reason), status, created_at: at })
    if (status === "cancelled") continue
    if (random.chance(0.8)) addNote(rows, { random, own, mark, doctor, diagnosis, reason, at, branch })
    if (random.chance(0.7)) {
      const { id } = random.pick(drugs)
      const dose = random.pick(["1-0-1", "1-1-1", "0-0-1", "1-0-0"])
      const days = random.pick([3, 5, 7, 10, 30])
      const instructions = mark("after food")
      const by = { prescribed_by: doctor, created_at: at }
      rows.prescription.push({ ...own(), drug_id: id, dose, days, instructions, ...by })
    }
    if (random.chance(0.35)) {
      const [test, unit, low, high] = random.pick(tests)
      const value = random.int(low * 10, high * 10) / 10
      rows.lab_result.push({ ...own(), test, unit, value, remarks: mark("repeat if needed"), taken_at: at })
    }
    const bill = { number: `${number}-${visit + 1}`, amount: random.int(3, 40) * 5_000, memo: mark("consultation") }
    const paid = random.pick(["paid", "paid", "due"])
    rows.invoice.push({ ...own(), ...bill, status: paid, issued_at: at })
  }
  return rows
}

interface Visit {
  readonly random: Random
  readonly own: () => Row
  readonly mark: (text: string) => string
  readonly doctor: string
  readonly diagnosis: string
  readonly reason: string
  readonly at: string
  readonly branch: Branch
}

function addNote(rows: Record<CareTable, Row[]>, visit: Visit): void {
  const { random, own, mark, doctor, diagnosis, reason, at, branch } = visit
  const note = own()
  const body = mark(`Complains of ${reason}. Advised rest, fluids and review.`)
  const signed = random.chance(0.9) ? at : null
  const state = { status: signed === null ? "draft" : "signed", signed_at: signed }
  rows.clinical_note.push({ ...note, author: doctor, diagnosis, body, ...state, created_at: at })
  if (!random.chance(0.1)) return
  const scope = { clinic_id: branch.clinicId, branch_id: branch.id, id: random.uuid() }
  const file = { file_name: `${branch.canary}-xray.jpg`, media_type: "image/jpeg", bytes: random.int(90_000, 900_000) }
  rows.attachment.push({ ...scope, note_id: note.id ?? null, ...file })
}
