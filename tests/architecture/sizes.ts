import type { RepositoryFile } from "./repository.ts"

interface Cap {
  readonly what: string
  readonly lines: number
  readonly matches: (path: string) => boolean
}

const caps: readonly Cap[] = [
  { what: "test", lines: 500, matches: (path) => path.endsWith(".test.ts") },
  { what: "SQL object", lines: 150, matches: (path) => /\/sql\/(objects|strategy)\/.*\.sql$/.test(path) },
  { what: "code", lines: 300, matches: (path) => /\.(ts|tsx|mts|cts|mjs|cjs|js)$/.test(path) },
]

/** Files longer than the cap of their kind. The first cap that matches decides. */
export function oversized(files: readonly RepositoryFile[]): string[] {
  return files.flatMap(({ path, text }) => {
    const cap = caps.find(({ matches }) => matches(path))
    const lines = text.split("\n").length - (text.endsWith("\n") ? 1 : 0)
    return cap !== undefined && lines > cap.lines
      ? [`${path}: ${lines} lines, the cap for ${cap.what} is ${cap.lines}`]
      : []
  })
}

const banned = /(^|[-._])(utils?|helpers?|managers?|commons?|misc)([-._]|$)/

/** Files and folders named after nothing in particular. */
export function vagueNames(files: readonly RepositoryFile[]): string[] {
  return files
    .map(({ path }) => path)
    .filter((path) => /^(packages|examples|tests)\//.test(path))
    .filter((path) => path.split("/").some((part) => banned.test(part)))
}
