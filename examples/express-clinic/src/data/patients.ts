import type { Branch } from "./clinics.js"
import { personName, type Sex } from "./names.js"
import type { Random } from "./random.js"

export interface Patient {
  readonly clinic_id: string
  readonly branch_id: string
  readonly id: string
  readonly chart_no: string
  readonly full_name: string
  readonly phone: string
  readonly abha: string | null
  readonly dob: string
  readonly sex: Sex
  readonly address: string
  readonly allergies: string | null
  readonly hiv_status: string
  readonly created_at: string
}

const streets = [
  "Temple Road",
  "Station Road",
  "Gandhi Nagar",
  "Nehru Street",
  "Lake View Colony",
  "Market Lane",
  "Shivaji Chowk",
  "Rabindra Sarani",
]
const allergies = ["penicillin", "sulfa drugs", "peanuts", "dust", "aspirin"]
const day = 86_400_000
/** Everything in the data set happened in the 600 days from here. */
const start = Date.UTC(2024, 0, 8, 4, 0, 0)

export function makePatient(random: Random, branch: Branch, number: number): Patient {
  const sex: Sex = random.chance(0.003) ? "other" : random.pick(["female", "male"])
  const dob = new Date(Date.UTC(2023, 0, 1) - random.int(0, 32_000) * day)
  return {
    clinic_id: branch.clinicId,
    branch_id: branch.id,
    id: random.uuid(),
    chart_no: `${branch.canary}-${number}`,
    full_name: personName(random, branch.region, sex),
    phone: `+91${random.int(6, 9)}${random.digits(9)}`,
    // Synthetic: numbers that begin with 99 stand for nobody.
    abha: random.chance(0.7) ? `99${random.digits(12)}` : null,
    dob: dob.toISOString().slice(0, 10),
    sex,
    address: `${random.int(1, 240)} ${random.pick(streets)}, ${branch.name}`,
    allergies: random.chance(0.12) ? random.pick(allergies) : null,
    hiv_status: random.chance(0.02) ? "positive" : random.pick(["negative", "unknown"]),
    created_at: moment(random, 0),
  }
}

/** A working-hours moment, at least `afterDays` into the data set. */
export function moment(random: Random, afterDays: number): string {
  const at = start + random.int(afterDays, 600) * day + random.int(0, 540) * 60_000 + random.int(0, 59_999)
  return new Date(at).toISOString()
}
