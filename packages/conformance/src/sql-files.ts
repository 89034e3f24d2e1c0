import { existsSync, readFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"
import { WardkeepError } from "@wardkeep/core"

/**
 * A file of this package, found from the source as from either build.
 *
 * @throws WK901 the package was bundled without its files
 */
export function packageFile(...path: readonly string[]): string {
  let folder = dirname(fileURLToPath(import.meta.url))
  for (let depth = 0; depth < 4; depth++) {
    const candidate = join(folder, ...path)
    if (existsSync(join(folder, "package.json")) && existsSync(candidate)) return candidate
    folder = dirname(folder)
  }
  throw new WardkeepError("WK901", {
    message: `${path.join("/")} of @wardkeep/conformance was not found`,
    hint: "Do not bundle this package: it reads its SQL files where it is installed.",
  })
}

/** The folders of the checks: beside this file in the source, and beside the bundle in `dist`. */
export function checksFolder(): string {
  const folder = join(dirname(fileURLToPath(import.meta.url)), "checks")
  if (existsSync(folder)) return folder
  throw new WardkeepError("WK901", {
    message: "the checks of @wardkeep/conformance were not found",
    hint: "Do not bundle this package: it reads its SQL files where it is installed.",
  })
}

/** The text of a query in the package's `sql` directory. */
export function queryText(name: string): string {
  return readFileSync(packageFile("sql", name), "utf8")
}
