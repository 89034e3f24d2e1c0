import { install } from "./bootstrap.mjs"
import { tool } from "./run.mjs"

await install()
// The pages that are made from source: error codes, command line, managed services.
const pages = await tool("vitest/vitest.mjs", [
  "run",
  "--config=tests/config/vitest.config.ts",
  "--project=unit",
  // First the file: --update takes the word after it for its value.
  "tests/docs/reference.test.ts",
  "--update",
])
const api = await tool("typedoc/bin/typedoc", ["--options", "tests/config/typedoc.json"])
process.exitCode = pages === 0 ? api : pages
