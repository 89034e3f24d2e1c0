import type { Session } from "wardkeep"
import { actorOf } from "../login/actor.js"
import { currentCode } from "../login/second-factor.js"
import { Browser } from "./browser.js"
import { signIn } from "./sign-in.js"
import type { Stage } from "./stage.js"

type Say = (line: string) => void

export interface LocumDay {
  /** The locum's open browser, and a session of the same length for attempts below the API. */
  readonly locum: Browser
  readonly locumSession: Session
}

const seconds = 20

/** The owner hires a stand-in for seconds, so that the end is seen: nothing slow stands between granting and looking. */
export async function locumDay(stage: Stage, owner: Browser, say: Say): Promise<LocumDay> {
  const { standIn: person } = stage.people
  const locum = new Browser(stage.origin, "locum of Kothrud")
  const { ticket } = await locum.must("POST", "/login", { email: person.email, password: person.password })
  const hired = { account: person.id, role: "locum", branch: stage.home.branch.id, reason: "leave of a doctor" }
  const endless = await owner.send("POST", "/team", hired)
  if (endless.status !== 403) throw new Error("a locum was hired without an end")
  say(`the owner hires a locum; without an end that is refused (403: ${String(endless.body.message)})`)
  const until = new Date(Date.now() + seconds * 1000).toISOString()
  await owner.must("POST", "/team", { ...hired, until })
  const locumSession = await stage.sessionOf("standIn")
  await locum.must("POST", "/login/code", { ticket, code: currentCode(person.totpSecret, Date.now()) })
  const { status, body } = await locum.send("GET", "/patients")
  const count = Array.isArray(body.patients) ? body.patients.length : 0
  say(`hired for ${seconds} seconds, with a reason: the locum signs in and sees ${count} patients (${status})`)
  return { locum, locumSession }
}

/** Gone while the browser is open: with one statement of the personnel system, or by the owner's own hand. */
export async function removedWhileSignedIn({ issuer, origin, people }: Stage, owner: Browser, say: Say): Promise<void> {
  const nurse = await signIn(origin, people.nurseLeaving)
  await nurse.must("GET", "/patients")
  await issuer.offboard({ actor: actorOf(people.nurseLeaving.id), by: "personnel system", reason: "resigned" })
  say(`a nurse resigns: one statement; the next request of the open browser: ${await refused(nurse)}`)
  const locum = await signIn(origin, people.locum)
  await locum.must("GET", "/patients")
  await owner.must("POST", `/team/${people.locum.id}/withdraw`, { reason: "the doctor is back from leave" })
  say(`the owner withdraws another locum's role; the next request of the open browser: ${await refused(locum)}`)
}

async function refused(browser: Browser): Promise<string> {
  const { status, body } = await browser.send("GET", "/patients")
  if (status !== 401 || body.reason !== "withdrawn") throw new Error(`a removed person got ${status}`)
  return `${status} ${String(body.code)}, ${body.reason}`
}
