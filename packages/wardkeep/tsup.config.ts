import { readdirSync } from "node:fs"
import { defineConfig } from "tsup"
import { library } from "../../tests/config/tsup-library.ts"

const adapters = readdirSync(new URL("src/adapters", import.meta.url)).map((file) => file.replace(/\.ts$/, ""))

export default defineConfig([
  library({
    index: "src/index.ts",
    migrate: "src/migrate.ts",
    audit: "src/audit.ts",
    policy: "src/policy.ts",
    conformance: "src/conformance.ts",
    consent: "src/consent.ts",
    testing: "src/testing/index.ts",
    "cls-hooked": "src/cls-hooked.ts",
    ...Object.fromEntries(adapters.map((name) => [name, `src/adapters/${name}.ts`])),
  }),
  { ...library({ cli: "src/cli/main.ts" }), format: ["esm"] },
])
