import { actorOf } from "../../login/actor.js"
import { currentCode } from "../../login/second-factor.js"
import { rawSql } from "../attacker.js"
import type { Attempt } from "../attempt.js"
import type { Browser, Reply } from "../browser.js"
import type { Day } from "../day.js"
import { onlyGrant, type Stage } from "../stage.js"
import { outcomeOf } from "./http.js"

/** Whatever is let through is a leak, also where the answer holds no row of others: hence as if something was written. */
const making =
  ({ home, elsewhere, nextDoor }: Stage) =>
  (attempt: string, run: () => Promise<Reply>): Attempt => ({
    layer: "http",
    attempt,
    home: [home.branch],
    given: [...elsewhere.given, ...nextDoor.given],
    run: async () => outcomeOf("POST", await run()),
  })

/** Attacks on who may do what: roles, second factors and emergencies, over HTTP and below. */
export function overPermissions(stage: Stage, day: Day): Attempt[] {
  return [...team(stage, day), ...secondFactor(stage, day), ...emergencies(stage, day)]
}

function team(stage: Stage, day: Day): Attempt[] {
  const { people, home, elsewhere } = stage
  const make = making(stage)
  const hire = (over: object): object => ({
    account: people.standIn.id,
    role: "doctor",
    branch: home.branch.id,
    reason: "why not",
    ...over,
  })
  const reason = { reason: "why not" }
  return [
    make("reception makes somebody a doctor", () => day.reception.send("POST", "/team", hire({}))),
    make("the owner makes themselves a doctor", () =>
      day.owner.send("POST", "/team", hire({ account: people.owner.id })),
    ),
    make("the owner hires for another clinic", () =>
      day.owner.send("POST", "/team", hire({ branch: elsewhere.branch.id })),
    ),
    make("the owner gives the role for emergencies to keep", () =>
      day.owner.send("POST", "/team", hire({ role: "emergency" })),
    ),
    make("the owner dismisses a doctor of another clinic", () =>
      day.owner.send("POST", `/team/${people.doctorElsewhere.id}/withdraw`, reason),
    ),
    make("reception dismisses a doctor", () =>
      day.reception.send("POST", `/team/${people.doctor.id}/withdraw`, reason),
    ),
  ]
}

/** The owner's factor is older than the export allows. */
function secondFactor(stage: Stage, { owner }: Day): Attempt[] {
  const { people, clock, issuer, appUrl, home } = stage
  const make = making(stage)
  const now = new Date().toISOString()
  const again = (code: string) => () => owner.send("POST", "/me/second-factor", { code })
  return [
    make("an export with an old second factor", () => owner.send("GET", "/invoices/export")),
    make("… with a recent one in a header", () =>
      owner.send("GET", "/invoices/export", undefined, { "x-mfa-at": now, "x-second-factor": "totp" }),
    ),
    make("… with a recent one in the address", () => owner.send("GET", `/invoices/export?mfaAt=${now}`)),
    make("a made-up code as the second factor", again("000000")),
    make("somebody else's code as the second factor", () => again(currentCode(people.nurse.totpSecret, clock.now()))()),
    {
      layer: "sql",
      attempt: "an attachment deleted with SQL and an old second factor",
      home: [home.branch],
      run: async () => {
        const mfaAt = new Date(Date.now() - 20 * 60_000)
        const session = await issuer.issueSession({ actor: actorOf(people.doctor.id), mfaAt, ttl: 600 })
        return rawSql(appUrl, onlyGrant(session), ["delete from attachment"], { undo: true })
      },
    },
  ]
}

/** The doctor has one patient of the branch next door open, and nobody has reviewed it yet. */
function emergencies(stage: Stage, { doctor, nurse, reception, elsewhere: stranger, emergencyId: id }: Day): Attempt[] {
  const { nextDoor, elsewhere, world } = stage
  const make = making(stage)
  const { branch, patient } = nextDoor
  const neighbour = world.patients.find((one) => one.branch_id === branch.id && one.id !== patient.id)
  const declared = { branch: branch.id, patient: patient.id, reason: "unconscious", explanation: "x", minutes: 30 }
  const declare = (by: Browser, over: object = {}) => by.send("POST", "/emergencies", { ...declared, ...over })
  const look = (by: Browser, subject = patient.id) => by.send("GET", `/emergencies/${id}/patients/${subject}`)
  const review = { verdict: "justified", note: "my own" }
  return [
    make("an emergency used for another patient next door", () => look(doctor, neighbour?.id)),
    make("an emergency used for a patient of another clinic", () => look(doctor, elsewhere.patient.id)),
    make("the patient of an emergency, by the ordinary address", () => doctor.send("GET", `/patients/${patient.id}`)),
    make("somebody else's emergency", () => look(nurse)),
    make("an emergency of another clinic's doctor, by its id", () => look(stranger)),
    make("a second emergency without a review", () => declare(doctor)),
    make("an emergency longer than the policy file allows", () =>
      declare(doctor, { patient: neighbour?.id, minutes: 61 }),
    ),
    make("an emergency without a reason of the policy file", () =>
      declare(doctor, { patient: neighbour?.id, reason: "curious" }),
    ),
    make("an emergency declared by reception", () => declare(reception)),
    make("an emergency in another clinic", () =>
      declare(doctor, { branch: elsewhere.branch.id, patient: elsewhere.patient.id }),
    ),
    make("one's own emergency reviewed", () => doctor.send("POST", `/emergencies/${id}/review`, review)),
    make("another clinic's emergency reviewed", () => stranger.send("POST", `/emergencies/${id}/review`, review)),
  ]
}
