import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"

/** One file of the repository: every guard is a function of these, so a planted one proves it fires. */
export interface RepositoryFile {
  readonly path: string
  readonly text: string
}

export const root = fileURLToPath(new URL("../..", import.meta.url))

const generated = new Set(["node_modules", "dist", ".git", ".data", "coverage", "results", "generated", ".next"])
const binary = /\.(tgz|png|jpg|gif|ico|woff2?|pdf|wasm)$/

/** Every file a clone would contain, without needing git: archives of the source are checked too. */
export function repositoryFiles(folder = ""): RepositoryFile[] {
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = folder === "" ? entry.name : `${folder}/${entry.name}`
    if (entry.isDirectory()) {
      return generated.has(entry.name) || path === "docs/reference/api" ? [] : repositoryFiles(path)
    }
    if (!entry.isFile() || binary.test(path)) return []
    return [{ path, text: readFileSync(join(root, path), "utf8") }]
  })
}

export const isTest = (path: string): boolean => path.endsWith(".test.ts") || path.startsWith("tests/")

/** Shipped or shown TypeScript: packages and examples, without their tests. */
export const isSource = (path: string): boolean =>
  /^(packages|examples)\/[^/]+\/src\/.*\.tsx?$/.test(path) && !isTest(path)
