import { triedOnPlainServers, unknownEverywhere, withoutSuperuser } from "./plain-server.js"
import type { ManagedService } from "./service.js"

export const aws: ManagedService = {
  id: "aws-rds-aurora",
  name: "Amazon RDS and Aurora PostgreSQL",
  marker: "rds_superuser",
  verified: triedOnPlainServers,
  assumed: [
    ...withoutSuperuser,
    { text: "Aurora PostgreSQL treats row-level security as PostgreSQL does.", grade: "remembered" },
    {
      text: "RDS Proxy pins a connection on SET, and for the transaction only on SET LOCAL.",
      grade: "read",
      source: "AWS documentation, rds-proxy-pinning",
    },
    {
      text: "Wardkeep sends set_config(…, true) with every statement. In one project's log set_config pinned every session of RDS Proxy, which takes away what the proxy is for.",
      grade: "read",
      source: "django-pghistory issue 245",
    },
    {
      text: "Aurora Limitless is not a target: its table of DDL says no to ALTER POLICY and ALTER TRIGGER.",
      grade: "read",
      source: "AWS documentation, Aurora PostgreSQL Limitless DDL",
    },
    {
      text: "Aurora DSQL is not a target: no triggers, no PL/pgSQL, no foreign keys.",
      grade: "remembered",
    },
  ],
  unknown: [
    ...unknownEverywhere,
    "Whether a transaction-local set_config pins RDS Proxy for longer than the transaction. Until it is known, connect directly or through PgBouncer in transaction mode.",
  ],
}
