import { useDatabase } from "#tests/harness/src/use-database.ts"
import { interleavingContract } from "./interleaving.ts"

interleavingContract("AsyncLocalStorage, shared connections, accelerated strategy", {
  database: useDatabase(),
  tenants: 150,
  connections: [2],
  strategy: "accelerated",
  client: { shared: { connections: 2 } },
})
