import { defineConfig } from "tsup"
import { library } from "../../tests/config/tsup-library.ts"

export default defineConfig(
  library({
    index: "src/index.ts",
    migrate: "src/migrate/index.ts",
    client: "src/client/index.ts",
    "cls-hooked": "src/cls-hooked.ts",
  }),
)
