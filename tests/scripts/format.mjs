import { install } from "./bootstrap.mjs"
import { tool } from "./run.mjs"

await install()
const paths = process.argv.slice(2)
process.exitCode = await tool("@biomejs/biome/bin/biome", [
  "check",
  "--write",
  "--linter-enabled=false",
  ...(paths.length > 0 ? paths : ["."]),
])
