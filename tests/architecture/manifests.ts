import type { RepositoryFile } from "./repository.ts"

type Dependencies = Readonly<Record<string, string>>

export interface Manifest {
  readonly name: string
  readonly version?: string
  readonly private?: boolean
  readonly scripts?: Dependencies
  readonly dependencies?: Dependencies
  readonly devDependencies?: Dependencies
  readonly peerDependencies?: Dependencies
}

/** One version; under another name too, where two of them are tested beside each other. */
const exact = /^(?:npm:(?:@[\w.-]+\/)?[\w.-]+@)?\d+\.\d+\.\d+(-[\w.]+)?$/

/** Of this repository: `workspace:*`, and what a folder outside of the workspace has in its place. */
const isOwn = (range: string): boolean =>
  range === "workspace:*" || /^link:\.\.\/(\.\.\/packages\/)?[a-z-]+$/.test(range)

export function manifests(files: readonly RepositoryFile[]): Manifest[] {
  return files
    .filter(({ path }) => /(^|\/)package\.json$/.test(path) && !path.includes("/fixtures/"))
    .map(({ text }) => JSON.parse(text) as Manifest)
}

/** Dependencies that are not pinned to one version. Peers are ranges on purpose. */
export function unpinned(all: readonly Manifest[]): string[] {
  return all.flatMap((manifest) =>
    Object.entries({ ...manifest.dependencies, ...manifest.devDependencies })
      // Whoever installs a published package has no folder beside it.
      .filter(([, range]) => !exact.test(range) && !(isOwn(range) && (manifest.private || !range.startsWith("link:"))))
      .map(([dependency, range]) => `${manifest.name}: ${dependency}@${range}`),
  )
}

/** One dependency at two versions in the workspace. */
export function divergent(all: readonly Manifest[]): string[] {
  const versions = new Map<string, Set<string>>()
  for (const manifest of all) {
    for (const [name, range] of Object.entries({ ...manifest.dependencies, ...manifest.devDependencies })) {
      versions.set(name, (versions.get(name) ?? new Set()).add(isOwn(range) ? "workspace:*" : range))
    }
  }
  return [...versions].filter(([, set]) => set.size > 1).map(([name, set]) => `${name}: ${[...set].join(", ")}`)
}

const installScripts = ["preinstall", "install", "postinstall", "prepare", "prepublish"]

/** Published packages that would run code on a user's machine at install time. */
export function runsAtInstall(all: readonly Manifest[]): string[] {
  return all
    .filter((manifest) => !manifest.private)
    .flatMap(({ name, scripts }) =>
      installScripts.filter((script) => scripts?.[script] !== undefined).map((script) => `${name}: ${script}`),
    )
}
