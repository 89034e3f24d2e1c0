import type { Fact } from "./service.js"

/**
 * Tried on servers of our own as an administrator with CREATEROLE and CREATEDB only, which is what managed services are
 * assumed to give.
 */
export const triedOnPlainServers: readonly Fact[] = [
  {
    text: "A database privilege that came back (TEMP after a restore, for example) is found by `wardkeep doctor` and taken away again by `wardkeep migrate`.",
    grade: "tested",
    source: "packages/wardkeep/src/cli/cli.db.test.ts",
  },
  {
    text: "Roles, schema, policies and grants are installed and applied by an administrator with CREATEROLE and CREATEDB only, on PostgreSQL 15 and 18.",
    grade: "tested",
    source: "packages/wardkeep/src/cli/cli.limited-admin.db.test.ts",
  },
  {
    text: "The fence raises without a context, for the application's login and for the owner.",
    grade: "tested",
    source: "packages/postgres/src/compile/isolation.db.test.ts",
  },
  {
    text: "The accelerated strategy is refused with WK306, and the portable one stays, where the administrator may not grant a privileged parameter.",
    grade: "tested",
    source: "packages/postgres/src/install/strategy.db.test.ts",
  },
]

/** True of every service that gives no superuser. */
export const withoutSuperuser: readonly Fact[] = [
  {
    text: "The administrator has CREATEROLE and CREATEDB, owns the database and is no superuser.",
    grade: "remembered",
  },
]

export const unknownEverywhere: readonly string[] = [
  "Whether GRANT SET ON PARAMETER is possible. Where it is not, the accelerated strategy is refused and the portable one stays.",
  "Whether a logical backup can be taken by a reader that is exempt from row-level security. Without one, use the service's physical backups.",
]
