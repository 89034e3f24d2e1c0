import { existsSync, readdirSync, readFileSync } from "node:fs"
import { mkdir, mkdtemp, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { dirname, join, relative } from "node:path"
import { fileURLToPath } from "node:url"
import { mustSucceed } from "./execute.ts"

export const root = fileURLToPath(new URL("../..", import.meta.url))

export interface PackedManifest {
  readonly name: string
  readonly bin?: Readonly<Record<string, string>>
  readonly exports: Readonly<Record<string, unknown>>
  readonly scripts?: Readonly<Record<string, string>>
  readonly dependencies?: Readonly<Record<string, string>>
}

export interface Tarball {
  /** The package's folder in the repository. */
  readonly folder: string
  readonly file: string
  readonly entries: readonly string[]
  readonly manifest: PackedManifest
}

const readJson = <T>(file: string): T => JSON.parse(readFileSync(file, "utf8")) as T

function publicFolders(): string[] {
  return readdirSync(join(root, "packages"))
    .map((name) => join(root, "packages", name))
    .filter((folder) => existsSync(join(folder, "package.json")))
    .filter((folder) => !readJson<{ private?: boolean }>(join(folder, "package.json")).private)
}

export async function readTarball(folder: string, file: string): Promise<Tarball> {
  const list = await mustSucceed("tar", ["-tzf", file], dirname(file))
  const manifest = await mustSucceed("tar", ["-xzOf", file, "package/package.json"], dirname(file))
  const entries = list.split("\n").flatMap((line) => (/^$|\/$/.test(line) ? [] : [line.replace(/^package\//, "")]))
  return { folder, file, entries, manifest: JSON.parse(manifest) as PackedManifest }
}

/** Packs every public package exactly as a release would, into a temporary folder: by one process, which takes most of the time to start. */
export async function packAll(): Promise<{ folder: string; tarballs: Tarball[] }> {
  const destination = await mkdtemp(join(tmpdir(), "wardkeep-pack-"))
  const { packageManager } = readJson<{ packageManager: string }>(join(root, "package.json"))
  const folders = publicFolders()
  for (const folder of folders)
    if (!existsSync(join(folder, "dist"))) throw new Error(`${folder} is not built: run npm run build first`)
  const which = folders.map((folder) => `--filter=./${relative(root, folder)}`)
  const args = ["--yes", packageManager, "--recursive", ...which, "pack", "--json", "--pack-destination", destination]
  const output = await mustSucceed("npx", args, root, { npm_config_loglevel: "silent" })
  const packed = JSON.parse(output.slice(output.indexOf("["))) as { name: string; filename: string }[]
  const tarballs = folders.map(async (folder) => {
    const { name } = readJson<PackedManifest>(join(folder, "package.json"))
    const found = packed.find((one) => one.name === name)
    if (found === undefined) throw new Error(`${name} was not packed`)
    return await readTarball(folder, found.filename)
  })
  return { folder: destination, tarballs: await Promise.all(tarballs) }
}

/** A tarball with the given files, for proving that a guard fires. */
export async function plantedTarball(folder: string, files: Readonly<Record<string, string>>): Promise<Tarball> {
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, "package", path)), { recursive: true })
    await writeFile(join(folder, "package", path), text)
  }
  await mustSucceed("tar", ["-czf", "planted.tgz", "package"], folder)
  return readTarball(join(folder, "package"), join(folder, "planted.tgz"))
}
