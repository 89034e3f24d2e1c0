import type { Finding, Policy } from "@wardkeep/core"
import type { Queryable } from "../database/queryable.js"
import type { MigrationRun } from "../migrate/run-migrations.js"
import type { ScopedTable } from "./scope.js"
import type { Step } from "./step.js"

/** What an extension learns about the database that is planned. */
export interface ExtensionInput {
  readonly client: Queryable
  readonly policy: Policy
  /** The tables of the policy file, each followed by its partitions in the place of their root. */
  readonly tables: readonly ScopedTable[]
  /** Facts and ids of objects that are not as the last apply left them. */
  readonly changed: ReadonlySet<string>
}

export interface Callable {
  readonly role: string
  /** As REVOKE takes it, with its schema: `wardkeep_consent.history(text)`. */
  readonly function: string
}

/**
 * Another package's part of a database: a schema of its own, and objects that follow from the policy file. Its steps run
 * in the same transaction as the policy's. Pass the same extensions to `install`, `plan` and `apply`.
 *
 * @example await apply({ client, policy, extensions: [audit] })
 */
export interface Extension {
  readonly migrations: MigrationRun
  /** The folder with the current objects of its schema: functions, each followed by its comment, tables and triggers. */
  readonly objects: string
  /** Functions of its schema that roles call; each checks the verified context itself. Without it, nobody calls any. */
  callable?(policy: Policy): readonly Callable[]
  plan(input: ExtensionInput): Promise<{ steps: readonly Step[]; findings: readonly Finding[] }>
}
