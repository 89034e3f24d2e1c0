import { describe } from "vitest"
import { attackEverything } from "./suite.ts"

// The accelerated strategy needs a superuser once; this administrator is none.
describe("with the application's own login, installed without a superuser", () => attackEverything("portable"))
