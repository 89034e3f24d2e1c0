import { allRoutes } from "../../routes/index.js"
import type { Attempt, Outcome } from "../attempt.js"
import type { Browser, Reply } from "../browser.js"
import type { Day } from "../day.js"
import type { Stage } from "../stage.js"
import { bodies, type Ids } from "./http-bodies.js"

/** Who may use a route in the home branch: the attempt must fail because of the branch, not because of the role. */
function actorFor(path: string, day: Day): Browser {
  if (path.includes("invoice")) return day.billing
  if (path.includes("appointment") || path === "/patients/:id" || path === "/patients") return day.reception
  return day.doctor
}

/**
 * Every route that takes an id, with ids of the branch next door and of another clinic, in the path and in the body. The
 * list of routes comes from the API itself, so a new route without an attempt stops the demo. Those of the team and
 * of emergencies have attempts of their own, in permissions.ts, and referrals in referrals.ts. A move that works would take
 * the row away that the others need: it is attempted in the tests of the routes (idor.db.test.ts, referrals.db.test.ts).
 */
export async function overHttp(stage: Stage, day: Day): Promise<Attempt[]> {
  const own = await ownIds(stage, day)
  const foreign = await foreignIds(stage, day)
  const attempts: Attempt[] = []
  for (const { method, path } of routesWithIds(stage)) {
    const actor = actorFor(path, day)
    const verb = method.toUpperCase()
    const body = bodies[`${verb} ${path}`]
    // The control: the same request with an id of one's own works. What ends a session is not tried on oneself.
    if (!path.startsWith("/sessions")) await actor.must(verb, own.fill(path), body?.(own))
    for (const [where, ids] of foreign) {
      attempts.push({
        layer: "http",
        attempt: `${verb} ${path} with an id of ${where}`,
        home: [stage.home.branch],
        given: ids.all,
        run: async () => outcomeOf(verb, await actor.send(verb, ids.fill(path), body?.(ids))),
      })
    }
  }
  return attempts
}

export function outcomeOf(method: string, reply: Reply): Outcome {
  const seen = [reply.text]
  if (reply.status >= 500) throw new Error(`the API failed with ${reply.status} where it should have refused`)
  if (reply.status >= 400) return { seen, refusal: `${reply.status} ${String(reply.body.code)}` }
  const [rows] = Object.values(reply.body)
  if (method === "GET") return { seen, note: `200, ${Array.isArray(rows) ? rows.length : 1} rows` }
  return { seen, touched: 1 }
}

function routesWithIds({ wk, issuer }: Stage): { method: string; path: string }[] {
  const unused = { password: rejected, code: rejected, again: rejected }
  const logins = {
    add: () => "",
    open: () => undefined,
    peek: () => undefined,
    forget: () => undefined,
    sweep: () => [],
  }
  const routes = allRoutes({ wk, issuer, logins, signIn: unused, secureCookies: false, clock: Date.now })
  return routes.filter(
    ({ method, path }) =>
      !/^\/(team|emergencies|referrals)|\/(referrals|move)$/.test(path) &&
      (path.includes(":id") || `${method.toUpperCase()} ${path}` in bodies),
  )
}

const rejected = (): Promise<never> => Promise.reject(new Error("not used"))

/** Rows of the attackers' own branch, made through the API: the control of every attempt. */
async function ownIds({ home }: Stage, day: Day): Promise<Ids> {
  const patient = home.patient.id
  const make = async (browser: Browser, path: string, body: unknown): Promise<string> =>
    String((await browser.must("POST", path, body)).id)
  const note = await make(day.doctor, `/patients/${patient}/notes`, { diagnosis: "x", body: "x" })
  const file = { file_name: "x.jpg", media_type: "image/jpeg", bytes: 1 }
  return ids({
    patients: patient,
    notes: note,
    attachments: await make(day.doctor, `/notes/${note}/attachments`, file),
    prescriptions: home.rows.prescription,
    appointments: home.rows.appointment,
    invoices: home.rows.invoice,
    sessions: "",
    branch: home.branch.id,
  })
}

async function foreignIds(stage: Stage, day: Day): Promise<[string, Ids][]> {
  const { sessions } = await day.elsewhere.must("GET", "/sessions")
  const first: unknown = Array.isArray(sessions) ? sessions[0] : undefined
  const session = typeof first === "object" && first !== null && "id" in first ? String(first.id) : ""
  return [["the branch next door", stage.nextDoor] as const, ["another clinic", stage.elsewhere] as const].map(
    ([where, { patient, rows, branch, given }]) => [
      where,
      ids(
        {
          patients: patient.id,
          notes: rows.clinical_note,
          attachments: rows.attachment,
          prescriptions: rows.prescription,
          appointments: rows.appointment,
          invoices: rows.invoice,
          sessions: session,
          branch: branch.id,
        },
        given,
      ),
    ],
  )
}

function ids(by: Readonly<Record<string, string>>, given: readonly string[] = []): Ids {
  const of = (kind: string): string => {
    const id = by[kind]
    if (id === undefined) throw new Error(`no id of ${kind} for the attempts over HTTP`)
    return id
  }
  return {
    of,
    all: [...given, ...Object.values(by)],
    fill: (path) => path.replace(":id", of(path.split("/")[1] ?? "")),
  }
}
