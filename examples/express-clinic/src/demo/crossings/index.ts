import type { Session } from "wardkeep"
import type { Attempt } from "../attempt.js"
import type { Day } from "../day.js"
import { onlyGrant, type Stage } from "../stage.js"
import { throughTheClient } from "./client.js"
import { forgingBySql } from "./context.js"
import { oraclesBySql } from "./errors-and-keys.js"
import { existence } from "./existence.js"
import { asVendor } from "./figures.js"
import { overHttp } from "./http.js"
import { tricksOverHttp } from "./http-tricks.js"
import { jobsAndSessions } from "./jobs-and-sessions.js"
import { throughOrms } from "./orm.js"
import { overPermissions } from "./permissions.js"
import { onReferrals } from "./referrals.js"
import { readingBySql } from "./sql-reading.js"
import { writingBySql } from "./sql-writing.js"

/** Every attempt, outermost layer first. */
export async function allAttempts(stage: Stage, day: Day): Promise<Attempt[]> {
  const doctor: Session = await stage.sessionOf("doctor")
  const reception = await stage.sessionOf("reception")
  const foreign = await stage.sessionOf("doctorElsewhere")
  return [
    ...(await overHttp(stage, day)),
    ...tricksOverHttp(stage, day),
    ...throughOrms(stage, doctor),
    ...readingBySql(stage, onlyGrant(doctor)),
    ...(await writingBySql(stage, onlyGrant(doctor))),
    ...oraclesBySql(stage, onlyGrant(doctor), onlyGrant(reception)),
    ...(await existence(stage, onlyGrant(doctor), doctor)),
    ...forgingBySql(stage, onlyGrant(doctor), onlyGrant(reception)),
    ...throughTheClient(stage, doctor, foreign),
    ...overPermissions(stage, day),
    ...onReferrals(stage, day),
    ...jobsAndSessions(stage, day),
    ...asVendor(stage),
  ]
}
