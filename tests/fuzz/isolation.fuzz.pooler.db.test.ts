import { describe } from "vitest"
import { useDatabase } from "#tests/harness/src/use-database.ts"
import { fuzzWays } from "./fuzz-ways.ts"
import { poolerWays } from "./ways.ts"

describe("through a pooler nobody sees a row of somebody else, and nobody waits for ever", () => {
  fuzzWays(useDatabase(), poolerWays, (way) => way.strategy === "portable" && way.poolSize === undefined)
})

describe("the same where all share one session of the server", () => {
  const database = useDatabase({ pooler: { poolSize: 1 } })
  fuzzWays(database, poolerWays, (way) => way.poolSize === 1, 10)
})

describe("the same where the context is verified once per transaction", () => {
  fuzzWays(useDatabase(), poolerWays, (way) => way.strategy === "accelerated", 10)
})
