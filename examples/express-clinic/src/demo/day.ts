import type { Session } from "wardkeep"
import { Browser } from "./browser.js"
import { figuresDay } from "./day-figures.js"
import { emergency, menuAndReason, signedInEarlier, stepUp } from "./day-permissions.js"
import { curiousColleague } from "./day-privacy.js"
import { type ReferralDay, referralDay } from "./day-referral.js"
import { locumDay, removedWhileSignedIn } from "./day-team.js"
import { signIn } from "./sign-in.js"
import type { Stage } from "./stage.js"

/** What the day leaves for the attempts that follow. */
export interface Day {
  readonly reception: Browser
  readonly nurse: Browser
  readonly doctor: Browser
  readonly billing: Browser
  readonly owner: Browser
  readonly elsewhere: Browser
  /** Declared by the doctor, open, and not reviewed. */
  readonly emergencyId: string
  readonly referral: ReferralDay
  /** The locum's open browser, and a session of the same length for attempts below the API. */
  readonly locum: Browser
  readonly locumSession: Session
}

type Say = (line: string) => void

/** A day in Kothrud, through the API: everybody does their own work, and nobody knows of other branches. */
export async function playDay(stage: Stage, say: Say): Promise<Day> {
  const { origin, people } = stage
  const { billing, owner } = await signedInEarlier(stage)
  await withoutSecondFactor(stage, say)
  const reception = await signIn(origin, people.reception)
  const registered = await reception.must("POST", "/patients", {
    full_name: "Sharvari Vinayak Deshmukh",
    phone: "+919812345670",
    sex: "female",
    dob: "1991-07-14",
    address: "12 Paud Road, Kothrud",
  })
  const patient = String(registered.id)
  const starts_at = new Date(Date.now() + 86_400_000).toISOString()
  await reception.must("POST", "/appointments", { patient_id: patient, starts_at, reason: "fever since two days" })
  say("reception registers Sharvari Deshmukh and books her for tomorrow")
  const byName = await found(reception, "sharv desh")
  const byPhone = await found(reception, "345670")
  say(`reception finds her by the beginnings of two names (${byName}) and by the last digits of her phone (${byPhone})`)
  const nurse = await signIn(origin, people.nurse)
  await nurse.must("POST", `/patients/${patient}/lab-results`, { test: "Haemoglobin", value: 11.2, unit: "g/dL" })
  const doctor = await signIn(origin, people.doctor)
  const written = await doctor.must("POST", `/patients/${patient}/notes`, {
    diagnosis: "viral fever",
    body: "Rest, fluids, review in three days.",
  })
  await doctor.must("POST", `/patients/${patient}/prescriptions`, {
    drug_id: 1,
    dose: "1-1-1",
    days: 3,
    instructions: "after food",
  })
  await doctor.must("PATCH", `/notes/${String(written.id)}`, { sign: true })
  say("nurse enters a lab result; doctor reads it, writes a note, prescribes paracetamol and signs")
  const invoice = await billing.must("POST", `/patients/${patient}/invoices`, {
    number: "D-1",
    amount: 60_000,
    memo: "consultation",
  })
  await billing.must("PATCH", `/invoices/${String(invoice.id)}`, { status: "paid" })
  say("billing bills ₹600 and marks it paid")
  await roleLimits({ reception, billing, patient }, say)
  await stepUp(stage, billing, say)
  await curiousColleague(stage, { reception, nurse, patient }, say)
  await ownerDay(stage, owner, say)
  const { locum, locumSession } = await locumDay(stage, owner, say)
  await removedWhileSignedIn(stage, owner, say)
  const emergencyId = await emergency(stage, doctor, owner, say)
  const referral = await referralDay(stage, doctor, say)
  const elsewhere = await signIn(origin, people.doctorElsewhere)
  await remind(stage, say)
  await figuresDay(stage, say)
  return { reception, nurse, doctor, billing, owner, elsewhere, emergencyId, referral, locum, locumSession }
}

async function found(browser: Browser, search: string): Promise<number> {
  const { patients } = await browser.must("GET", `/patients?search=${encodeURIComponent(search)}`)
  const count = Array.isArray(patients) ? patients.length : 0
  if (count === 0) throw new Error(`nobody was found for ${search}`)
  return count
}

async function withoutSecondFactor({ origin, people }: Stage, say: Say): Promise<void> {
  const browser = new Browser(origin, "somebody with a password only")
  const { ticket } = await browser.must("POST", "/login", {
    email: people.doctor.email,
    password: people.doctor.password,
  })
  const wrong = await browser.send("POST", "/login/code", { ticket, code: "000000" })
  const asked = await browser.send("GET", "/patients")
  if (wrong.status !== 401 || asked.status !== 401 || browser.cookie !== "")
    throw new Error("a password alone was enough")
  say("a right password with a wrong code opens nothing (401)")
}

async function roleLimits(day: { reception: Browser; billing: Browser; patient: string }, say: Say): Promise<void> {
  const record = await day.reception.must("GET", `/patients/${day.patient}`)
  const notes = await day.reception.send("GET", `/patients/${day.patient}/notes`)
  const prescriptions = await day.billing.must("GET", `/patients/${day.patient}/prescriptions`)
  const first: unknown = Array.isArray(prescriptions.prescriptions) ? prescriptions.prescriptions[0] : undefined
  const id = typeof first === "object" && first !== null && "id" in first ? String(first.id) : ""
  if (record.hiv_status !== null || notes.status !== 403) throw new Error("a role could do too much")
  say("in their own branch: reception sees no HIV status and no notes (403)")
  await menuAndReason(day.reception, id, day.billing, say)
}

async function ownerDay({ people }: Stage, owner: Browser, say: Say): Promise<void> {
  const { branches } = await owner.must("GET", "/reports/branches")
  const lines = Array.isArray(branches) ? branches : []
  if (lines.length !== 2) throw new Error(`the owner's report shows ${lines.length} branches, not 2`)
  const [narrow] = people.owner.branches
  await owner.must("POST", "/branch", { branch: narrow?.id })
  const narrowed = await owner.must("GET", "/reports/branches")
  await owner.must("POST", "/branch", { branch: null })
  const one = Array.isArray(narrowed.branches) ? narrowed.branches.length : 0
  say(`the owner of two branches gets a report of ${lines.length}, and of ${one} after narrowing to ${narrow?.name}`)
}

async function remind({ wk, world }: Stage, say: Say): Promise<void> {
  const reminded: string[] = []
  await wk.job("reminders", { tenants: "all" }, async ({ tenant }) => {
    const { rows } = await wk.query<{ n: number }>(
      `select count(*)::int as n from appointment a join patient p on p.id = a.patient_id
        where a.status = 'booked' and a.starts_at > now() - interval '3 years'`,
    )
    const clinic = world.clinics.find(({ id }) => id === tenant)?.name ?? "?"
    reminded.push(`${clinic} ${rows[0]?.n ?? 0}`)
  })
  say(`the reminder job runs once per clinic: ${reminded.join(", ")}`)
}
