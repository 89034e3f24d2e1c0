import { readdirSync } from "node:fs"
import { defineConfig } from "tsup"
import { library } from "../../tests/config/tsup-library.ts"

// One folder, one subpath.
const adapters = readdirSync(new URL("src", import.meta.url), { withFileTypes: true }).filter((entry) =>
  entry.isDirectory(),
)

export default defineConfig(library(Object.fromEntries(adapters.map(({ name }) => [name, `src/${name}/index.ts`]))))
