import type { Attempt } from "../attempt.js"
import { Browser, type Reply } from "../browser.js"
import type { Day } from "../day.js"
import type { Stage } from "../stage.js"
import { outcomeOf } from "./http.js"

/** Requests that are not an ordinary id in an ordinary place. */
export function tricksOverHttp(stage: Stage, day: Day): Attempt[] {
  const { elsewhere, nextDoor, home, origin } = stage
  const make = (attempt: string, run: () => Promise<[method: string, reply: Reply]>): Attempt => ({
    layer: "http",
    attempt,
    home: [home.branch],
    given: [...elsewhere.given, ...nextDoor.given],
    run: async () => outcomeOf(...(await run())),
  })
  const get = (attempt: string, browser: Browser, path: string): Attempt =>
    make(attempt, async () => ["GET", await browser.send("GET", path)])
  const post = (attempt: string, browser: Browser, path: string, body: unknown): Attempt =>
    make(attempt, async () => ["POST", await browser.send("POST", path, body)])
  const stranger = new Browser(origin, "a stranger")
  const person = { full_name: "Nobody", phone: "+919000000000", sex: "other" }
  const scope = { clinic_id: elsewhere.branch.clinicId, branch_id: elsewhere.branch.id }
  return [
    get("no cookie", stranger, "/patients"),
    make("a cookie of one's own making", async () => [
      "GET",
      await withCookie(origin, "clinic_session=AAAAAAAA", "/patients"),
    ]),
    make("somebody's Wardkeep session id as the cookie", async () => {
      const session = await stage.sessionOf("doctorElsewhere")
      return ["GET", await withCookie(origin, `clinic_session=${session.id}`, "/patients")]
    }),
    get(
      "search by a foreign phone number",
      day.reception,
      `/patients?search=${encodeURIComponent(elsewhere.patient.phone)}`,
    ),
    get(
      "search by the last digits of a foreign phone",
      day.reception,
      `/patients?search=${elsewhere.patient.phone.slice(-8)}`,
    ),
    get(
      "search by a foreign name",
      day.reception,
      `/patients?search=${encodeURIComponent(elsewhere.patient.full_name)}`,
    ),
    get("SQL in the search", day.reception, `/patients?search=${encodeURIComponent("x' or '1'='1")}`),
    get("SQL in the id", day.reception, `/patients/${encodeURIComponent(`${elsewhere.patient.id}' or '1'='1`)}`),
    get("SQL in the day", day.reception, `/appointments?day=${encodeURIComponent("2024-01-01' or '1'='1")}`),
    get("the search given twice", day.reception, "/patients?search=a&search=b"),
    post("clinic and branch slipped into a new patient", day.reception, "/patients", { ...person, ...scope }),
    post("a chosen id slipped into a new patient", day.reception, "/patients", { ...person, id: elsewhere.patient.id }),
    make("clinic and branch slipped into a correction", async () => [
      "PATCH",
      await day.reception.send("PATCH", `/patients/${home.patient.id}`, { address: "x", ...scope }),
    ]),
    post("narrowing to a branch of another clinic", day.owner, "/branch", { branch: elsewhere.branch.id }),
    get("the owner's report holds own branches only", day.owner, "/reports/branches"),
    get("the list of appointments of a day", day.reception, "/appointments?day=2024-06-03"),
    get("the newest patients", day.doctor, "/patients"),
    get("the public page of another clinic shows no patient", stranger, "/clinics/sanjeevani-chennai"),
  ].map((one) => (one.attempt.startsWith("the owner's") ? { ...one, home: stage.people.owner.branches } : one))
}

async function withCookie(origin: string, cookie: string, path: string): Promise<Reply> {
  Browser.requests += 1
  const response = await fetch(origin + path, { headers: { cookie } })
  const text = await response.text()
  const body: unknown = JSON.parse(text)
  return { status: response.status, text, body: typeof body === "object" && body !== null ? { ...body } : {} }
}
