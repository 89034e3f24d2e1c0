import { triedOnPlainServers } from "./plain-server.js"
import type { ManagedService } from "./service.js"

export const selfHosted: ManagedService = {
  id: "self-hosted",
  name: "A server of your own",
  verified: [
    ...triedOnPlainServers,
    {
      text: "The embedded PostgreSQL 18 runs every database test, Debian's PostgreSQL 15 what a server's version can change.",
      grade: "tested",
      source: "tests/config/legs.mjs",
    },
    {
      text: "PgBouncer in transaction mode, Debian's version.",
      grade: "tested",
      source: "tests/harness/test/pgbouncer.pooler.db.test.ts",
    },
    {
      text: "With a superuser at hand the accelerated strategy can be chosen, and both strategies show the same rows.",
      grade: "tested",
      source: "packages/postgres/src/install/strategy.db.test.ts",
    },
  ],
  assumed: [
    { text: "PostgreSQL 16 and 17 behave as 15 and 18 do.", grade: "remembered" },
    {
      text: "A logical replica that applies changes is stopped by the fence; physical replicas are not affected.",
      grade: "remembered",
    },
  ],
  unknown: ["TLS between application and server was not part of any measurement."],
}
