import { cp } from "node:fs/promises"
import { fileURLToPath } from "node:url"
import { defineConfig } from "tsup"
import { library } from "../../tests/config/tsup-library.ts"

const folder = (path: string): string => fileURLToPath(new URL(path, import.meta.url))

export default defineConfig({
  ...library({ index: "src/index.ts" }),
  // Checks are read where the code lies: each with its query, its violation, its fix and its reason.
  onSuccess: () =>
    cp(folder("src/checks"), folder("dist/checks"), {
      recursive: true,
      filter: (path) => !path.endsWith(".ts"),
    }),
})
