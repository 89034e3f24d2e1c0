import { install } from "./bootstrap.mjs"
import { tool } from "./run.mjs"

await install()
process.exitCode = await tool("typedoc/bin/typedoc", ["--options", "tests/config/typedoc.json"])
