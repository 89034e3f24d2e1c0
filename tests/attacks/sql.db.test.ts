import { describe } from "vitest"
import { attackEverything } from "./suite.ts"
import type { Strategy } from "./world.ts"

describe.each<Strategy>(["portable", "accelerated"])("with the application's own login, %s", (strategy) =>
  attackEverything(strategy),
)
