import { defineConfig } from "tsup"
import { library } from "../../tests/config/tsup-library.ts"

export default defineConfig(library({ index: "src/index.ts" }))
