import type { Browser } from "./browser.js"
import { signIn } from "./sign-in.js"
import type { Stage } from "./stage.js"

type Say = (line: string) => void

export interface ReferralDay {
  /** The doctor of the branch next door, who refers. */
  readonly sender: Browser
  /** Opened by the doctor of the home branch and in force: the patient alone, without notes. */
  readonly referralId: string
  /** Opened before and withdrawn since. */
  readonly withdrawnId: string
}

/** A patient whom the branch next door sends over: seen here while it is open, and not after it was withdrawn. */
export async function referralDay(stage: Stage, doctor: Browser, say: Say): Promise<ReferralDay> {
  const { nextDoor, home, origin, people, oracle } = stage
  const { patient } = nextDoor
  const sender = await signIn(origin, people.doctorNextDoor)
  const refer = async (records: readonly string[]): Promise<string> => {
    const until = new Date(Date.now() + 86_400_000).toISOString()
    const asked = { to: home.branch.id, records, until, basis: "second_opinion" }
    const id = String((await sender.must("POST", `/patients/${patient.id}/referrals`, asked)).id)
    await doctor.must("POST", `/referrals/${id}/open`)
    return id
  }
  const withdrawnId = await refer(["patient", "clinical_note"])
  const address = `/referrals/${withdrawnId}/patients/${patient.id}`
  const seen = await doctor.must("GET", address)
  if (oracle.find(JSON.stringify(seen), [home.branch]) === undefined) throw new Error("the referral showed nothing")
  say(`${nextDoor.branch.name} refers one patient for a day; the doctor here opens it beside the own patients`)
  await sender.must("POST", `/referrals/${withdrawnId}/withdraw`, { reason: "the patient came back" })
  const { status, body } = await doctor.send("GET", address)
  if (status !== 403 || body.code !== "referral_over") throw new Error(`a withdrawn referral gave ${status}`)
  say(`withdrawn next door: the next request of the open browser here: ${status} ${body.code}`)
  return { sender, withdrawnId, referralId: await refer(["patient"]) }
}
