import { type CareTable, careTables, makeCare, type Row } from "./care.js"
import { type Branch, type Clinic, makeClinics } from "./clinics.js"
import { makeLabFiles } from "./lab-files.js"
import { makePatient, type Patient } from "./patients.js"
import { seededRandom } from "./random.js"

export interface World {
  readonly clinics: readonly Clinic[]
  readonly patients: readonly Patient[]
  readonly care: Readonly<Record<CareTable, readonly Row[]>>
}

export interface WorldOptions {
  readonly seed?: number
  readonly patients?: number
}

/**
 * Three clinics, seven branches and their patients, the same for the same seed.
 *
 * @example const { patients } = makeWorld({ seed: 7, patients: 20_000 })
 */
export function makeWorld({ seed = 20_260_301, patients: count = 20_000 }: WorldOptions = {}): World {
  const random = seededRandom(seed)
  const clinics = makeClinics(random, seed)
  const patients: Patient[] = []
  const care: Record<CareTable, Row[]> = {
    appointment: [],
    prescription: [],
    clinical_note: [],
    attachment: [],
    lab_result: [],
    lab_file: [],
    invoice: [],
  }
  for (const [branch, size] of sizes(clinics, count)) {
    const doctors = clinics.find(({ id }) => id === branch.clinicId)?.staff.filter((one) => one.registrationNo !== null)
    for (let number = 1; number <= size; number++) {
      const patient = makePatient(random, branch, number)
      patients.push(patient)
      const doctor = random.pick(doctors ?? []).fullName
      const left = makeCare(random, branch, doctor, patient, number)
      for (const table of careTables) care[table].push(...left[table])
    }
  }
  const branches = clinics.flatMap((clinic) => clinic.branches)
  care.lab_file = makeLabFiles(seed, branches, care.lab_result)
  return { clinics, patients, care }
}

/** Splits the patients over the branches by weight; the first branch takes what rounding leaves. */
function sizes(clinics: readonly Clinic[], count: number): [Branch, number][] {
  const branches = clinics.flatMap((clinic) => clinic.branches)
  const total = branches.reduce((sum, { weight }) => sum + weight, 0)
  const shares = branches.map((branch): [Branch, number] => [branch, Math.floor((count * branch.weight) / total)])
  const rest = count - shares.reduce((sum, [, size]) => sum + size, 0)
  return shares.map(([branch, size], index) => [branch, index === 0 ? size + rest : size])
}
