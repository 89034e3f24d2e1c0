import { useDatabase } from "#tests/harness/src/use-database.ts"
import { interleavingContract } from "./interleaving.ts"

interleavingContract("AsyncLocalStorage, through PgBouncer, accelerated strategy", {
  database: useDatabase({ pooler: { poolSize: 4 } }),
  tenants: 150,
  connections: [2],
  strategy: "accelerated",
  client: { pooler: true },
})
