import type { Catalog } from "../catalog/catalog.js"
import type { Actor } from "../database/actor.js"
import type { Connection } from "../database/connection.js"
import type { Unanswered } from "../database/unanswered.js"
import type { Facts } from "../probe/facts.js"
import type { Pair } from "../probe/pair.js"
import type { RightsBook } from "../probe/rights.js"
import type { ReportFinding } from "../report/report.js"
import type { Target } from "../target/schema.js"
import type { CheckRecord } from "./check-record.js"

export interface CheckInfo {
  /** `WKC` and three digits; never used twice. */
  readonly code: string
  readonly title: string
  readonly severity: ReportFinding["severity"]
  readonly cwe: string
  /** CVSS 3.1 vector. */
  readonly cvss: string
}

/** What a probe works with. */
export interface Scene {
  readonly target: Target
  readonly catalog: Catalog
  /** Whom no policy stops, as far as the person who runs this could give it. Never used for an attack. */
  readonly reader: Connection
  readonly actors: readonly Actor[]
  readonly pairs: readonly Pair[]
  readonly facts: Facts
  /** What the server neither did nor refused, until the run has taken it into a record. */
  readonly unanswered: Unanswered
  readonly rights: RightsBook
  readonly serverVersion: number
  /** The application's, as far as they are known: catalog mode does without. */
  readonly logins: readonly string[]
  /** The way in of this tenant's login: holds its password. */
  urlOf(actor: Actor): URL
  /** A new session of this tenant's login, without any context, with these parameters in its first packet. The caller closes it. */
  freshSession(actor: Actor, parameters?: Readonly<Record<string, string>>): Promise<Connection>
  /** Called before each object, for progress on a terminal. */
  step(object: string): void
}

/** A check that attacks. Its folder holds `violate.sql`, `fix.sql` and `README.md` beside `probe.ts`. */
export interface ProbeCheck extends CheckInfo {
  readonly run: (scene: Scene, record: CheckRecord) => Promise<void>
}

/** A check that reads the catalog: `check.sql`, whose header says what it is. */
export interface CatalogCheck extends CheckInfo {
  readonly sql: string
  /** Checks that try what this one only reads; a leak is kept only if one of them confirms it. */
  readonly proof: readonly string[]
}

/** So that a probe is checked where it is written. */
export const defineProbe = (check: ProbeCheck): ProbeCheck => check
