import { describe } from "vitest"
import { useDatabase } from "#tests/harness/src/use-database.ts"
import { fuzzWays } from "./fuzz-ways.ts"
import { directWays } from "./ways.ts"

describe("nobody sees a row of somebody else, and nobody waits for ever", () => {
  fuzzWays(useDatabase(), directWays, (way) => way.strategy === "portable")
})

describe("the same where the context is verified once per transaction", () => {
  fuzzWays(useDatabase(), directWays, (way) => way.strategy === "accelerated", 10)
})
