import type { RepositoryFile } from "./repository.ts"
import { isSource } from "./repository.ts"

const catalogue = /^packages\/core\/src\/errors\//
const code = /\bWK\d{3}\b/g

const usesCodes = (path: string) =>
  (isSource(path) && !catalogue.test(path)) || (/^packages\/[^/]+\/sql\//.test(path) && path.endsWith(".sql"))

export interface CatalogueEntry {
  readonly title: string
  readonly hint: string
  readonly retired?: unknown
}

/** Codes used but not explained, and codes explained that nothing can raise. */
export function codeFindings(
  files: readonly RepositoryFile[],
  entries: Readonly<Record<string, CatalogueEntry>>,
): string[] {
  const used = new Map<string, string>()
  for (const { path, text } of files.filter((file) => usesCodes(file.path))) {
    for (const [found] of text.matchAll(code)) if (!used.has(found)) used.set(found, path)
  }
  const unknown = [...used].filter(([name]) => entries[name] === undefined)
  const unused = Object.keys(entries).filter((name) => !used.has(name) && !entries[name]?.retired)
  const silent = Object.entries(entries).filter(([, entry]) => !entry.title || !entry.hint)
  return [
    ...unknown.map(([name, path]) => `${name} in ${path} is not in the catalogue`),
    ...unused.map((name) => `${name} is in the catalogue, but nothing raises it: use it or retire it`),
    ...silent.map(([name]) => `${name} has no title or no hint`),
  ]
}
