import type { Target } from "../../examples/express-clinic/src/demo/target.ts"
import type { Planted } from "./front.ts"
import type { Visit } from "./recorder.ts"

/** A way around the isolation, as applications have them, and what finding it must say. */
export interface Hole {
  readonly name: string
  readonly routes: readonly Planted[]
  /** What somebody of a branch does with it in ordinary use. */
  visits(target: Target, day: string): readonly Visit[]
  /** `CHECK route`, one of which must be reported. */
  readonly found: readonly string[]
}

export const patientColumns = "id, chart_no, full_name, phone, dob::text, address"

export const onlyRow = <T>(rows: readonly T[]): T | undefined => rows[0]

export const missing = { status: 404, json: { code: "not_found", message: "There is no such thing here." } }
export const signedOut = { status: 401, json: { code: "signed_out", message: "Sign in first." } }
