import { existsSync } from "node:fs"
import { join } from "node:path"
import { root, tool } from "./run.mjs"

const sources = () => ["packages", "examples", "tests"].filter((folder) => existsSync(join(root, folder)))

/** Everything that needs neither a database nor a build: one name, one verdict each. */
export const checks = [
  { name: "lint", run: () => tool("@biomejs/biome/bin/biome", ["lint", "--error-on-warnings", "."]) },
  {
    name: "format",
    run: () => tool("@biomejs/biome/bin/biome", ["check", "--linter-enabled=false", "."]),
  },
  {
    name: "types",
    run: () => tool("typescript/bin/tsc", ["-p", "tests/config/tsconfig.check.json", "--pretty"]),
  },
  {
    name: "arrows",
    run: () =>
      tool("dependency-cruiser/bin/dependency-cruise.mjs", [
        "--config",
        "tests/config/dependency-cruiser.cjs",
        ...sources(),
      ]),
  },
  // A docstring that names what is gone, or a type that is used and not exported, is a warning; warnings fail.
  {
    name: "api pages",
    run: () => tool("typedoc/bin/typedoc", ["--options", "tests/config/typedoc.json", "--emit", "none"]),
  },
]
