import { actorOf } from "../../login/actor.js"
import { rawSql } from "../attacker.js"
import type { Attempt } from "../attempt.js"
import type { Browser, Reply } from "../browser.js"
import type { Day } from "../day.js"
import { onlyGrant, type Stage } from "../stage.js"
import { outcomeOf } from "./http.js"

/** Attacks on referrals, over HTTP and with SQL. The doctor has one open: a patient of next door, without notes. */
export function onReferrals(stage: Stage, day: Day): Attempt[] {
  return [...overHttp(stage, day), ...withSql(stage, day)]
}

function overHttp({ home, nextDoor, elsewhere, world }: Stage, day: Day): Attempt[] {
  const { doctor, nurse, owner, elsewhere: stranger, referral } = day
  const { referralId, withdrawnId, sender } = referral
  const make = (attempt: string, run: () => Promise<Reply>): Attempt => ({
    layer: "http",
    attempt,
    home: [home.branch],
    // The referred patient's own rows are meant to be seen, in a referral: what is let through counts, whatever it shows.
    given: [...elsewhere.given, ...nextDoor.given],
    run: async () => outcomeOf("POST", await run()),
  })
  const { patient, branch } = nextDoor
  const neighbour = world.patients.find((one) => one.branch_id === branch.id && one.id !== patient.id)
  const until = (days: number): string => new Date(Date.now() + days * 86_400_000).toISOString()
  const asked = { to: branch.id, records: ["patient"], until: until(1), basis: "second_opinion" }
  const look = (by: Browser, id = referralId, subject: string | undefined = patient.id) =>
    by.send("GET", `/referrals/${id}/patients/${subject}`)
  const refer = (by: Browser, over: object = {}, subject = home.patient.id) =>
    by.send("POST", `/patients/${subject}/referrals`, { ...asked, ...over })
  return [
    make("a referral that was withdrawn, in the browser that had it open", () => look(doctor, withdrawnId)),
    make("… opened again", () => doctor.send("POST", `/referrals/${withdrawnId}/open`)),
    make("a referral used for another patient next door", () => look(doctor, referralId, neighbour?.id)),
    make("a referral used for a patient of another clinic", () => look(doctor, referralId, elsewhere.patient.id)),
    make("the referred patient, by the ordinary address", () => doctor.send("GET", `/patients/${patient.id}`)),
    make("somebody else's open referral", () => look(nurse)),
    make("a referral opened by a nurse", () => nurse.send("POST", `/referrals/${referralId}/open`)),
    make("a referral opened by another clinic's doctor", () => stranger.send("POST", `/referrals/${referralId}/open`)),
    make("the referred patient referred back", () => refer(doctor, {}, patient.id)),
    make("a patient of next door referred to oneself", () => refer(doctor, { to: home.branch.id }, neighbour?.id)),
    make("a patient referred to another clinic", () => refer(doctor, { to: elsewhere.branch.id })),
    make("a patient referred for a year", () => refer(doctor, { until: until(365) })),
    make("a patient referred by a nurse", () => refer(nurse)),
    make("a patient referred by the owner", () => refer(owner)),
    make("next door's referral withdrawn from here", () =>
      doctor.send("POST", `/referrals/${referralId}/withdraw`, { reason: "x" }),
    ),
    make("a referral of next door withdrawn by another clinic", () =>
      stranger.send("POST", `/referrals/${referralId}/withdraw`, { reason: "x" }),
    ),
    make("a withdrawn referral withdrawn again", () =>
      sender.send("POST", `/referrals/${withdrawnId}/withdraw`, { reason: "x" }),
    ),
  ]
}

function withSql({ home, nextDoor, people, issuer, appUrl }: Stage, { referral }: Day): Attempt[] {
  const { patient, branch } = nextDoor
  const from = [branch.id, home.branch.id].map((id) => `'${id}'`).join(", ")
  /** In the context that the referral opens: whatever comes back beside the one patient is a leak. */
  const inside = (attempt: string, statement: string): Attempt => ({
    layer: "sql",
    attempt,
    home: [home.branch],
    given: nextDoor.given,
    run: async () => {
      const session = await issuer.issueSession({ actor: actorOf(people.doctor.id), mfaAt: new Date(), ttl: 600 })
      const opened = await issuer.openReferral({ id: referral.referralId, session })
      return rawSql(appUrl, onlyGrant(opened), [statement], { undo: true })
    },
  })
  return [
    inside("the notes that were not referred", "select * from clinical_note"),
    inside("everybody else next door", `select * from patient where id <> '${patient.id}'`),
    inside("the referred patient changed", "update patient set allergies = 'none'"),
    inside("the referral made longer", "update wardkeep.referral set valid_until = 'infinity'"),
    inside("a referral forged as a row", "insert into wardkeep.referral default values"),
    inside("the patient moved over with SQL", `select wardkeep.move_patient('${patient.id}', ${from}, 'why not')`),
    inside("… by the generated function itself", `select public.wk_move_person(${from}, '${patient.id}')`),
  ]
}
