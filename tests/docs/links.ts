import { existsSync } from "node:fs"
import { dirname, join } from "node:path"

/** Targets of relative links, and files of the repository named in backticks. */
export function namedFiles(markdown: string): { readonly links: string[]; readonly files: string[] } {
  const links = [...markdown.matchAll(/\]\((?!https?:|#|mailto:)([^)#\s]+)(?:#[^)]*)?\)/g)].map(
    ([, target = ""]) => target,
  )
  const quoted = [...markdown.matchAll(/`((?:packages|tests|examples|docs)\/[\w./-]+)`/g)].map(([, file = ""]) => file)
  const tested = [...markdown.matchAll(/\(tested: ([^)]+)\)/g)].map(([, file = ""]) => file)
  return { links, files: [...quoted, ...tested] }
}

/** Links and files of one document that lead nowhere. */
export function deadNames(root: string, path: string, markdown: string): string[] {
  const { links, files } = namedFiles(markdown)
  return [
    ...links.filter((target) => !existsSync(join(root, dirname(path), target))),
    ...files.filter((file) => !existsSync(join(root, file))),
  ].map((target) => `${path}: ${target}`)
}
