import { readFileSync } from "node:fs"
import { mkdtemp, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { mustSucceed } from "./execute.ts"
import type { Tarball } from "./pack.ts"

const npmFlags = ["--prefer-offline", "--no-audit", "--no-fund", "--loglevel=error"]

interface Lock {
  readonly packages: Readonly<Record<string, { hasInstallScript?: boolean }>>
}

/** A user's project in a folder of its own, with our tarballs in place of the registry's packages. */
export async function consumer(tarballs: readonly Tarball[]): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "wardkeep-consumer-"))
  const files = tarballs.map(({ manifest, file }) => [manifest.name, `file:${file}`] as const)
  const project = { name: "consumer", private: true, dependencies: Object.fromEntries(files) }
  await writeFile(join(folder, "package.json"), JSON.stringify(project))
  await mustSucceed("npm", ["install", ...npmFlags], folder)
  return folder
}

export const add = (folder: string, packages: readonly string[]): Promise<string> =>
  mustSucceed("npm", ["install", ...npmFlags, ...packages], folder)

/** Every installed package, by its place in node_modules. */
export function installed(folder: string): { names: string[]; withScripts: string[] } {
  const lock = JSON.parse(readFileSync(join(folder, "package-lock.json"), "utf8")) as Lock
  const packages = Object.entries(lock.packages).filter(([path]) => path !== "")
  const withScripts = packages.filter(([, entry]) => entry.hasInstallScript)
  return { names: packages.map(([path]) => path), withScripts: withScripts.map(([path]) => path) }
}
