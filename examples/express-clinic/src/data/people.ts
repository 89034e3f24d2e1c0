import { randomBytes, randomUUID } from "node:crypto"
import { hashPassword } from "../login/passwords.js"
import { newTotpSecret } from "../login/second-factor.js"
import type { Branch, Clinic } from "./clinics.js"

/** Somebody who can sign in. Passwords and secrets are new in every run: none is in the repository. */
export interface Person {
  readonly id: string
  readonly email: string
  readonly password: string
  readonly totpSecret: string
  readonly clinic: Clinic
  readonly branches: readonly Branch[]
  readonly role: string
}

/** The cast: key, clinic, branches of it, role. */
const cast = {
  reception: [0, [0], "reception"],
  nurse: [0, [0], "nurse"],
  doctor: [0, [0], "doctor"],
  billing: [0, [0], "billing"],
  locum: [0, [0], "locum"],
  owner: [0, [0, 1], "owner"],
  privacy: [0, [0], "privacy"],
  doctorOfTwo: [0, [0, 1], "doctor"],
  doctorNextDoor: [0, [1], "doctor"],
  leaver: [0, [0], "doctor"],
  nurseLeaving: [0, [0], "nurse"],
  // Has an account and no assignment: the owner grants one during the day.
  standIn: [0, [0], "locum"],
  receptionElsewhere: [1, [0], "reception"],
  doctorElsewhere: [1, [0], "doctor"],
} as const

export type Part = keyof typeof cast
export type People = Readonly<Record<Part, Person>>

export type Secrets = Pick<Person, "id" | "password" | "totpSecret">

const newSecrets = (): Secrets => ({
  id: randomUUID(),
  password: randomBytes(9).toString("base64url"),
  totpSecret: newTotpSecret(),
})

export function castPeople(clinics: readonly Clinic[], secretsOf: (part: string) => Secrets = newSecrets): People {
  const entries = Object.entries(cast).map(([part, [clinicIndex, branchIndexes, role]]): [string, Person] => {
    const clinic = at(clinics, clinicIndex)
    const branches = branchIndexes.map((index) => at(clinic.branches, index))
    const where = at(branches, 0).name.toLowerCase().replace(/\W/g, "")
    const name = part.replace(/[A-Z]/g, (letter) => `.${letter.toLowerCase()}`)
    return [part, { ...secretsOf(part), email: `${name}@${where}.example`, clinic, branches, role }]
  })
  return Object.fromEntries(entries) as People
}

interface AccountRow {
  readonly id: string
  readonly email: string
  readonly password_hash: string
  readonly totp_secret: string
}

export function accountRows(people: People): Promise<AccountRow[]> {
  return Promise.all(
    Object.values(people).map(async ({ id, email, password, totpSecret }) => {
      return { id, email, password_hash: await hashPassword(password), totp_secret: totpSecret }
    }),
  )
}

function at<T>(list: readonly T[], index: number): T {
  const item = list[index]
  if (item === undefined) throw new Error(`the cast names entry ${index}, which does not exist`)
  return item
}
