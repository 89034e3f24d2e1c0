import { useDatabase } from "#tests/harness/src/use-database.ts"
import { interleavingContract } from "./interleaving.ts"

interleavingContract("AsyncLocalStorage, direct, accelerated strategy", {
  database: useDatabase(),
  tenants: 150,
  connections: [2],
  strategy: "accelerated",
})
