import { defineConfig } from "tsup"
import { library } from "../../tests/config/tsup-library.ts"

export default defineConfig([
  library({
    index: "src/index.ts",
    migrate: "src/migrate.ts",
    audit: "src/audit.ts",
    policy: "src/policy.ts",
    conformance: "src/conformance.ts",
    consent: "src/consent.ts",
    "cls-hooked": "src/cls-hooked.ts",
  }),
  { ...library({ cli: "src/cli/main.ts" }), format: ["esm"], dts: false },
])
