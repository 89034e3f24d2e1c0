import type { Connection } from "../database/connection.js"
import type { KillRate, Report } from "../report/report.js"
import type { Scene } from "../run/check.js"
import type { Target } from "../target/schema.js"
import type { Workshop } from "./workshop.js"

/** What every part of a drill works with: the clone, and how to ask the suite about it. */
export interface Stage {
  readonly workshop: Workshop
  /** On the clone, with an empty search_path. */
  readonly admin: Connection
  readonly adminUrl: URL
  readonly appUrl: URL
  /** On the clone, before anything was broken. */
  readonly scene: Scene
  readonly target: Target
  /** What the suite said of the clone before anything was broken. */
  readonly base: Report
  readonly notCovered: string[]
  /** Runs the suite in probe mode on the clone, or on another database of the workshop. */
  verify(target: Target, database?: string): Promise<Report>
  step(object: string): void
  /** The clone is no longer what it was, so that nothing after this proves anything. */
  spoil(why: string): void
  scored(rate: KillRate): void
}

/** Of the administrator's connection to a clone: names in full, an error instead of rows that a policy hides. */
export const adminSettings = "set search_path = ''; set row_security = off; set lock_timeout = '5s'"
