import { grantAssignment, type Session } from "wardkeep"
import { actorOf } from "../../login/actor.js"
import { rawSql } from "../attacker.js"
import type { Attempt, Layer, Outcome } from "../attempt.js"
import type { Day } from "../day.js"
import { onlyGrant, type Stage } from "../stage.js"
import { asking, refusing } from "./asking.js"
import { outcomeOf } from "./http.js"

/** A job that looks beyond its tenant, a person who has left, a locum whose time is over. */
export function jobsAndSessions(stage: Stage, day: Day): Attempt[] {
  const { wk, home, elsewhere } = stage
  const tenant = home.branch.clinicId
  const clinic = stage.world.clinics.find(({ id }) => id === tenant)?.branches ?? []
  const job = (attempt: string, sql: string, name = "reminders"): Attempt => ({
    layer: "job",
    attempt,
    home: clinic,
    given: elsewhere.given,
    run: () =>
      asking(async () => {
        const rows: unknown[] = []
        const report = await wk.job(name, { tenants: [tenant] }, async () => {
          rows.push(...(await wk.query(sql)).rows)
        })
        const failed = report.failed[0]
        if (failed !== undefined) throw failed.error
        return rows
      }),
  })
  return [
    job(
      "the reminder service reads another clinic's patients",
      `select id, full_name, phone from patient where clinic_id = '${elsewhere.branch.clinicId}'`,
    ),
    job(
      "the reminder service reads every appointment it can",
      "select id, patient_id, starts_at, status from appointment",
    ),
    job("the reminder service reads notes", "select * from clinical_note"),
    job("the reminder service reads HIV status", "select id, hiv_status from public.patient"),
    job("the reminder service writes", "update appointment set status = 'cancelled'"),
    job("a service that the policy does not have", "select id from patient", "nothing"),
    ...departed(stage, day),
    ...granting(stage),
  ]
}

const make = (layer: Layer, attempt: string, run: () => Promise<Outcome>): Attempt => ({
  layer,
  attempt,
  home: [],
  run,
})

function departed(stage: Stage, day: Day): Attempt[] {
  const { wk, issuer, appUrl } = stage
  const read = "select id, chart_no from patient limit 5"
  return [
    make("session", "a doctor who left: the token, one statement after offboarding", async () => {
      const session = await stage.sessionOf("leaver")
      await wk.run(session, () => wk.query(read))
      await issuer.endActor(session.actor, "left the clinic")
      return asking(() => wk.run(session, async () => (await wk.query(read)).rows))
    }),
    make("session", "a doctor who left: in a transaction that was open", async () => {
      const session = await stage.sessionOf("leaver")
      return asking(() =>
        wk.run(session, () =>
          wk.tx(async (q) => {
            await q.query("select 1")
            await issuer.endActor(session.actor, "left the clinic")
            return (await q.query(read)).rows
          }),
        ),
      )
    }),
    make("session", "a doctor who left: the token on a connection of one's own", async () => {
      const session = await stage.sessionOf("leaver")
      await issuer.endActor(session.actor, "left the clinic")
      return rawSql(appUrl, onlyGrant(session), [read], { atOnce: true })
    }),
    make("session", "a locum after the last day", async () => {
      await ended(day)
      return asking(() => wk.run(day.locumSession, async () => (await wk.query(read)).rows))
    }),
    make("session", "a locum after the last day, in a browser that is still signed in", async () => {
      await ended(day)
      return outcomeOf("GET", await day.locum.send("GET", "/patients"))
    }),
    make("session", "a doctor who left, with one statement: the next query on a pooled connection", async () => {
      const session = await stage.sessionOf("leaver")
      await wk.run(session, () => wk.query(read))
      await issuer.offboard({ actor: session.actor, by: "personnel system", reason: "left the clinic" })
      return asking(() => wk.run(session, async () => (await wk.query(read)).rows))
    }),
    make("session", "a doctor who left signs in again", () => refusing(() => stage.sessionOf("leaver"))),
  ]
}

/** More than somebody was given, below the API. */
function granting({ wk, issuer, home, elsewhere, people, sessionOf }: Stage): Attempt[] {
  /** The doctor's own session, asked for as more than is assigned. */
  const as = (role: string, branch: string): Promise<Session> => {
    const assignments = [{ tenant: home.branch.clinicId, branches: [branch], role }]
    return issuer.issueSession({ actor: actorOf(people.doctor.id), assignments, mfaAt: new Date(), ttl: 600 })
  }
  return [
    make("session", "a locum hired without an end", async () => {
      const hired = { actor: "account:x", role: "locum", scope: { branch: home.branch.id }, reason: "leave" }
      const owner = await sessionOf("owner")
      return refusing(() => wk.run(owner, () => grantAssignment(wk, hired)))
    }),
    make("session", "a doctor gives a colleague the owner's role", async () => {
      const hired = { actor: "account:x", role: "owner", scope: { branch: home.branch.id }, reason: "why not" }
      const doctor = await sessionOf("doctor")
      return refusing(() => wk.run(doctor, () => grantAssignment(wk, hired)))
    }),
    make("session", "an owner hires for a branch of another clinic", async () => {
      const hired = { actor: "account:x", role: "nurse", scope: { branch: elsewhere.branch.id }, reason: "why not" }
      const owner = await sessionOf("owner")
      return refusing(() => wk.run(owner, () => grantAssignment(wk, hired)))
    }),
    make("session", "an owner gives themselves the doctor's role", async () => {
      const owner = await sessionOf("owner")
      const hired = { actor: owner.actor, role: "doctor", scope: { branch: home.branch.id }, reason: "why not" }
      return refusing(() => wk.run(owner, () => grantAssignment(wk, hired)))
    }),
    make("session", "a session without a second factor", () =>
      refusing(() => issuer.issueSession({ actor: actorOf(people.doctor.id), ttl: 600 })),
    ),
    make("session", "a doctor's session as the owner, which is not assigned", () =>
      refusing(() => as("owner", home.branch.id)),
    ),
    make("session", "a doctor's session for a branch of another clinic", () =>
      refusing(() => as("doctor", elsewhere.branch.id)),
    ),
  ]
}

async function ended({ locumSession }: Day): Promise<void> {
  const left = Date.parse(onlyGrant(locumSession).validUntil) - Date.now()
  if (left > 0) await new Promise((resolve) => setTimeout(resolve, left + 50))
}
