import { defineConfig } from "tsup"

// Only the server is built: the demo runs as plain JavaScript, everything else runs in the test runner.
export default defineConfig({
  entry: { embedded: "src/embedded.ts" },
  format: ["esm"],
  target: "node20",
  platform: "node",
  sourcemap: true,
  silent: true,
})
