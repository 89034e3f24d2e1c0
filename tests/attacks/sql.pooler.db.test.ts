import { describe } from "vitest"
import { attackEverything } from "./suite.ts"
import type { Strategy } from "./world.ts"

// PgBouncer refuses start packet options by itself, as start-packet.pooler.db.test.ts shows, and a session that a probe changed belongs to nobody afterwards.
describe.each<Strategy>(["portable", "accelerated"])(
  "with the application's own login through the pooler, %s",
  (strategy) => attackEverything(strategy, (probe) => probe.startup === undefined),
)
