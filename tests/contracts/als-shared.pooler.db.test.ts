import { useDatabase } from "#tests/harness/src/use-database.ts"
import { interleavingContract } from "./interleaving.ts"

interleavingContract("AsyncLocalStorage, shared connections through PgBouncer", {
  database: useDatabase({ pooler: { poolSize: 4 } }),
  tenants: 150,
  connections: [2],
  client: { pooler: true, shared: { connections: 2 } },
})
