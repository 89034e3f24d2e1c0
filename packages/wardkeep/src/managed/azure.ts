import { triedOnPlainServers, unknownEverywhere, withoutSuperuser } from "./plain-server.js"
import type { ManagedService } from "./service.js"

export const azure: ManagedService = {
  id: "azure",
  name: "Azure Database for PostgreSQL",
  marker: "azure_pg_admin",
  verified: triedOnPlainServers,
  assumed: [
    ...withoutSuperuser,
    { text: "The service refuses BYPASSRLS.", grade: "read", source: "windmill-helm-charts issue 57" },
    {
      text: "Cosmos DB for PostgreSQL accepts no new deployments; elastic clusters are its successor. Wardkeep targets neither: on Citus a restrictive policy becomes permissive on the workers.",
      grade: "read",
      source: "Microsoft documentation, migration from Cosmos DB for PostgreSQL; Citus source",
    },
  ],
  unknown: [
    ...unknownEverywhere,
    "Whether the built-in PgBouncer can be told to reset connections always (`server_reset_query_always`).",
  ],
}
