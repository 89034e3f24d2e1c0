import { describe } from "vitest"
import { legFromEnvironment } from "#tests/harness/src/leg.ts"
import { attackEverything } from "./suite.ts"
import type { Strategy } from "./world.ts"

/** On 15 the limited administrator's leg attacks the portable strategy with the same probes. */
const strategies: readonly Strategy[] = legFromEnvironment() === "pg15" ? ["accelerated"] : ["portable", "accelerated"]

describe.each(strategies)("with the application's own login, %s", (strategy) => attackEverything(strategy))
