import { useDatabase } from "#tests/harness/src/use-database.ts"
import { interleavingContract } from "./interleaving.ts"

interleavingContract("AsyncLocalStorage, through PgBouncer", {
  database: useDatabase({ pooler: { poolSize: 4 } }),
  client: { pooler: true },
})
