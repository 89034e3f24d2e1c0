import { currentCode } from "../login/second-factor.js"
import type { Browser } from "./browser.js"
import { signIn } from "./sign-in.js"
import type { Stage } from "./stage.js"

type Say = (line: string) => void

const minutes = 60_000

/** Two people whose second factor is twenty minutes old. The application's clock is set back for it, so nobody waits. */
export async function signedInEarlier(stage: Stage): Promise<{ billing: Browser; owner: Browser }> {
  const { clock, origin, people } = stage
  clock.behind = 20 * minutes
  const billing = await signIn(origin, people.billing, clock.now())
  const owner = await signIn(origin, people.owner, clock.now())
  // Idle for a quarter of an hour would be over.
  clock.behind = 10 * minutes
  for (const browser of [billing, owner]) await browser.must("GET", "/me")
  clock.behind = 0
  return { billing, owner }
}

export async function menuAndReason(
  reception: Browser,
  prescription: string,
  billing: Browser,
  say: Say,
): Promise<void> {
  const first = await reception.send("GET", "/me/menu")
  const etag = /^etag: (.+)$/m.exec(first.text)?.[1] ?? ""
  const again = await reception.send("GET", "/me/menu", undefined, { "if-none-match": etag })
  if (first.status !== 200 || again.status !== 304) throw new Error("the menu was sent twice")
  say("the menu of reception comes from the same policy file, booleans only; asked again it has not changed (304)")
  const { status, body } = await billing.send("PATCH", `/prescriptions/${prescription}`, { days: 30 })
  if (status !== 403 || body.reason !== "no-cell") throw new Error(`billing's attempt gave ${status}`)
  say(`billing cannot edit a prescription (403, reason ${body.reason}: "${String(body.message)}")`)
}

/** A session is not enough for what leaves the house: the factor must be recent, and a code works once. */
export async function stepUp({ people, clock, superuser }: Stage, billing: Browser, say: Say): Promise<void> {
  const { status, body } = await billing.send("GET", "/invoices/export")
  if (status !== 401 || body.code !== "second_factor") throw new Error(`an old factor gave ${status}`)
  say(
    `billing signed in twenty minutes ago; the export asks for ${String(body.factor)} of the last ${String(body.maxAgeSeconds)} s (401)`,
  )
  const code = currentCode(people.billing.totpSecret, clock.now())
  await billing.must("POST", "/me/second-factor", { code })
  const { invoices } = await billing.must("GET", "/invoices/export")
  const again = await billing.send("POST", "/me/second-factor", { code })
  if (again.status !== 401) throw new Error("a code worked twice")
  say(
    `with a new code ${Array.isArray(invoices) ? invoices.length : 0} invoices are exported; the code does not work again (401)`,
  )
  const { rows: left } = await superuser.query<{ bytes: string; sha256: string }>(
    "select detail::json ->> 'bytes' as bytes, detail::json ->> 'sha256' as sha256 from wardkeep_audit.event where verb = 'export' and detail like '{\"phase\":\"completed\"%'",
  )
  const [event] = left
  if (event === undefined) throw new Error("an export left no event")
  say(`the log holds it: ${event.bytes} bytes, SHA-256 ${event.sha256.slice(0, 12)}…`)
}

/** One patient of the branch next door, for minutes. Returns the id, which is open until the day ends. */
export async function emergency(
  { nextDoor, oracle, home }: Stage,
  doctor: Browser,
  owner: Browser,
  say: Say,
): Promise<string> {
  const { branch, patient } = nextDoor
  const declared = {
    branch: branch.id,
    patient: patient.id,
    reason: "unconscious",
    explanation: "brought in after a fall, no relatives reached",
    minutes: 30,
  }
  const id = String((await doctor.must("POST", "/emergencies", declared)).id)
  const seen = await doctor.must("GET", `/emergencies/${id}/patients/${patient.id}`)
  // The net that searches every attempt catches this patient: what comes back is of another branch, and meant to be.
  if (oracle.find(JSON.stringify(seen), [home.branch]) === undefined) throw new Error("the emergency showed nothing")
  say(
    `an emergency: the doctor opens one patient of ${branch.name} for 30 minutes, with a reason that is on record first`,
  )
  const again = await doctor.send("POST", "/emergencies", declared)
  const { emergencies } = await owner.must("GET", "/emergencies")
  if (again.status !== 403) throw new Error("a second emergency was opened without a review")
  say(
    `a second one before the review is refused (${again.status}); the owner finds ${Array.isArray(emergencies) ? emergencies.length : 0} to review`,
  )
  return id
}
