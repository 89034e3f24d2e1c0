import { existsSync } from "node:fs"
import { defineConfig } from "tsup"

const entries = {
  clinic: "src/clinic.ts",
  demo: "src/demo/main.ts",
  server: "src/server.ts",
  staging: "src/staging.ts",
}

export default defineConfig({
  entry: Object.fromEntries(Object.entries(entries).filter(([, file]) => existsSync(file))),
  format: ["esm"],
  target: "node20",
  platform: "node",
  sourcemap: true,
  silent: true,
})
