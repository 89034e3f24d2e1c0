import type { Attempt } from "../attempt.js"
import type { Reply } from "../browser.js"
import type { Day } from "../day.js"
import type { Stage } from "../stage.js"
import { outcomeOf } from "./http.js"

/** Attacks on who may do what: roles taken and given over HTTP. */
export function overPermissions(stage: Stage, day: Day): Attempt[] {
  const { people, home, elsewhere } = stage
  const make = (attempt: string, run: () => Promise<Reply>): Attempt => ({
    layer: "http",
    attempt,
    home: [home.branch],
    given: elsewhere.given,
    run: async () => outcomeOf("POST", await run()),
  })
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
