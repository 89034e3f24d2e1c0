import type { Manifest } from "./manifests.ts"
import type { RepositoryFile } from "./repository.ts"

const audiences = ["Embedders", "Vendors", "Testers"]

/** A change needs an entry that names real packages and says what each of three readers must do. */
export function changesetFindings(files: readonly RepositoryFile[], published: readonly Manifest[]): string[] {
  const entries = files.filter(({ path }) => /^\.changeset\/(?!README)[^/]+\.md$/.test(path))
  const released = published.every(({ name, version }) =>
    files.some(
      ({ path, text }) =>
        path === `packages/${name.replace("@wardkeep/", "")}/CHANGELOG.md` && text.includes(`## ${version}`),
    ),
  )
  if (entries.length === 0) return released ? [] : ["no changeset: describe the change in .changeset/"]
  const names = new Set(published.map(({ name }) => name))
  return entries.flatMap(({ path, text }) => {
    const header = text.split("---")[1] ?? ""
    const unknown = [...header.matchAll(/"([^"]+)":/g)].flatMap(([, name = ""]) => (names.has(name) ? [] : [name]))
    return [
      ...unknown.map((name) => `${path} names ${name}, which is not published`),
      ...audiences.filter((word) => !text.includes(`${word}`)).map((word) => `${path} says nothing to ${word}`),
    ]
  })
}
