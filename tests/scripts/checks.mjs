import { existsSync } from "node:fs"
import { join } from "node:path"
import { root, tool } from "./run.mjs"

const sources = () => ["packages", "examples", "tests"].filter((folder) => existsSync(join(root, folder)))

// What a check says is shown when it fails: two run at a time.
const said = (entry, args) => tool(entry, args, { quiet: true })

/** Everything that needs neither a database nor a build: one name, one verdict each. */
export const checks = [
  { name: "lint", run: () => said("@biomejs/biome/bin/biome", ["lint", "--error-on-warnings", "."]) },
  {
    name: "format",
    run: () => said("@biomejs/biome/bin/biome", ["check", "--linter-enabled=false", "."]),
  },
  {
    name: "types",
    run: () => said("typescript/bin/tsc", ["-p", "tests/config/tsconfig.check.json", "--pretty"]),
  },
  {
    // The one module that runs in a browser and not in Node.
    name: "types of the page",
    run: () => said("typescript/bin/tsc", ["-p", "packages/audit/tsconfig.page.json", "--pretty"]),
  },
  {
    name: "arrows",
    run: () =>
      said("dependency-cruiser/bin/dependency-cruise.mjs", [
        "--config",
        "tests/config/dependency-cruiser.cjs",
        ...sources(),
      ]),
  },
  // A docstring that names what is gone, or a type that is used and not exported, is a warning; warnings fail. Whether the
  // types fit is what `types` says of the same files.
  {
    name: "api pages",
    run: () =>
      said("typedoc/bin/typedoc", ["--options", "tests/config/typedoc.json", "--emit", "none", "--skipErrorChecking"]),
  },
]

/** Two at a time, the longest first: each of them keeps one core busy. Resolves with the exit codes in the order of `chosen`. */
export async function runChecks(chosen) {
  const codes = new Map()
  const waiting = [...chosen].reverse()
  const worker = async () => {
    for (let check = waiting.shift(); check !== undefined; check = waiting.shift()) codes.set(check, await check.run())
  }
  await Promise.all([worker(), worker()])
  return chosen.map((check) => codes.get(check))
}
