import { existsSync } from "node:fs"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"
import { WardkeepError } from "@wardkeep/core"

/**
 * A package's `sql/` directory, found from the source as from either build: `from` is the `import.meta.url` of a file in it.
 *
 * @throws WK901 the package was bundled without its SQL files
 */
export function sqlDirectory(name: string, from: string = import.meta.url): string {
  let folder = dirname(fileURLToPath(from))
  for (let depth = 0; depth < 4; depth++) {
    const candidate = join(folder, "sql", name)
    if (existsSync(candidate)) return candidate
    folder = dirname(folder)
  }
  throw new WardkeepError("WK901", {
    message: "the SQL files of this package were not found",
    hint: "Do not bundle the migrate entry point: it reads the sql directory of the installed package.",
  })
}
