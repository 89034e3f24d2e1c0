import { useDatabase } from "#tests/harness/src/use-database.ts"
import { interleavingContract } from "./interleaving.ts"

interleavingContract("AsyncLocalStorage, shared connections", {
  database: useDatabase(),
  client: { shared: { connections: 2 } },
})
