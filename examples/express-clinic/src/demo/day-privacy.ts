import type { Browser } from "./browser.js"
import { signIn } from "./sign-in.js"
import type { Stage } from "./stage.js"

/** Two looks of the same nurse: at a patient who comes tomorrow, and at somebody who was only registered. */
export async function curiousColleague(
  stage: Stage,
  day: { readonly reception: Browser; readonly nurse: Browser; readonly patient: string },
  say: (line: string) => void,
): Promise<void> {
  const { origin, people } = stage
  const { reception, nurse, patient } = day
  const registered = await reception.must("POST", "/patients", {
    full_name: "Ira Mohan Gokhale",
    phone: "+919812345671",
    sex: "female",
  })
  const neighbour = String(registered.id)
  for (const id of [patient, neighbour]) await nurse.must("GET", `/patients/${id}`)
  const officer = await signIn(origin, people.privacy)
  const queue = "/accesses?reason=demo"
  const refused = await nurse.send("GET", queue)
  const { accesses, explained, unexplained } = await officer.must("GET", queue)
  const of = (id: string): Record<string, unknown>[] =>
    rowsOf(accesses).filter((row) => row.patient === id && row.by === people.nurse.id)
  const [found] = of(neighbour)
  if (refused.status !== 403 || found === undefined || of(patient).length > 0)
    throw new Error("the queue of accesses is not what happened")
  say(
    `the privacy officer asks who looked at whom without a reason: ${String(explained)} accesses are explained and ${String(unexplained)} not; a nurse's look at somebody without an appointment is among those, her look at tomorrow's patient is not`,
  )
  const review = { event: found.event, patient: neighbour, outcome: "not_legitimate", reason: "a neighbour of hers" }
  await officer.must("POST", "/accesses/review", review)
  const again = await officer.send("POST", "/accesses/review", { ...review, outcome: "legitimate" })
  if (again.status !== 409) throw new Error("a decision was made twice")
  say("the officer decides, which is an event of the log and stays (a second decision: 409)")
}

function rowsOf(value: unknown): Record<string, unknown>[] {
  return Array.isArray(value) ? value : []
}
