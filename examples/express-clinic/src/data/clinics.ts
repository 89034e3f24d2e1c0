import { createHmac } from "node:crypto"
import { personName, type Region } from "./names.js"
import type { Random } from "./random.js"

export interface Branch {
  readonly id: string
  readonly clinicId: string
  readonly name: string
  readonly openedOn: string
  readonly region: Region
  /** Share of all patients. */
  readonly weight: number
  /** Stands in text fields of this branch and nowhere else: seen anywhere else, it proves a leak. */
  readonly canary: string
}

export interface Staff {
  readonly id: string
  readonly clinicId: string
  readonly fullName: string
  readonly profession: string
  readonly registrationNo: string | null
}

export interface Clinic {
  readonly id: string
  readonly slug: string
  readonly name: string
  readonly city: string
  readonly branches: readonly Branch[]
  readonly staff: readonly Staff[]
}

interface Plan {
  readonly slug: string
  readonly name: string
  readonly city: string
  readonly region: Region
  readonly branches: readonly (readonly [name: string, weight: number])[]
}

const plans: readonly Plan[] = [
  {
    slug: "aarogya-pune",
    name: "Aarogya Clinics",
    city: "Pune",
    region: "west",
    branches: [
      ["Kothrud", 5],
      ["Hadapsar", 3],
      ["Baner", 2],
    ],
  },
  {
    slug: "sanjeevani-chennai",
    name: "Sanjeevani Family Care",
    city: "Chennai",
    region: "south",
    branches: [
      ["Adyar", 4],
      ["Velachery", 2],
    ],
  },
  {
    slug: "nabajibon-kolkata",
    name: "Nabajibon Polyclinic",
    city: "Kolkata",
    region: "east",
    branches: [
      ["Salt Lake", 3],
      ["Behala", 1],
    ],
  },
]

const professions = ["receptionist", "nurse", "physician", "paediatrician", "dermatologist", "biller", "pharmacist"]

export function makeClinics(random: Random, seed: number): Clinic[] {
  return plans.map((plan): Clinic => {
    const clinicId = random.uuid()
    const branches = plan.branches.map(([name, weight]): Branch => {
      const id = random.uuid()
      const openedOn = `20${random.int(10, 23)}-0${random.int(1, 9)}-15`
      return { id, clinicId, name, openedOn, region: plan.region, weight, canary: canary(seed, id) }
    })
    const staff = Array.from({ length: branches.length * 6 }, (_, n) => makeStaff(random, clinicId, plan, n))
    return { id: clinicId, slug: plan.slug, name: plan.name, city: plan.city, branches, staff }
  })
}

function makeStaff(random: Random, clinicId: string, { region }: Plan, n: number): Staff {
  const profession = professions[n % professions.length] ?? "nurse"
  const isDoctor = ["physician", "paediatrician", "dermatologist"].includes(profession)
  return {
    id: random.uuid(),
    clinicId,
    fullName: personName(random, region, random.pick(["female", "male"])),
    profession,
    registrationNo: isDoctor ? `MC-${random.digits(6)}` : null,
  }
}

function canary(seed: number, branchId: string): string {
  const digest = createHmac("sha256", `canary ${seed}`).update(branchId).digest("hex")
  return `cny${digest.slice(0, 20)}`
}
