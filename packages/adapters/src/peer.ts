import { existsSync, readFileSync } from "node:fs"
import { createRequire } from "node:module"
import { join } from "node:path"
import { WardkeepError } from "@wardkeep/core"

/** Major and minor version. */
type Version = readonly [major: number, minor: number]

/** The first version that works, and the first that does not any more. */
export interface Versions {
  readonly from: Version
  readonly below: Version
}

/**
 * Refuses a library whose version is outside of the range. Where it cannot be found, in a bundle for instance, nothing is known.
 *
 * @throws WK009 another version is installed
 */
export function requirePeer(name: string, { from, below }: Versions, where: string = import.meta.url): void {
  const found = versionOf(name, where)
  if (found === undefined) return
  const [major = 0, minor = 0] = found.split(".").map(Number)
  if (!isBefore([major, minor], from) && isBefore([major, minor], below)) return
  throw new WardkeepError("WK009", {
    message: `${name} ${found} is installed; this adapter accepts ${from.join(".")} and later, below ${below.join(".")}`,
    hint: `Install ${name} in that range; docs/reference/adapters.md lists what works in which version.`,
  })
}

function isBefore([major, minor]: Version, [otherMajor, otherMinor]: Version): boolean {
  return major < otherMajor || (major === otherMajor && minor < otherMinor)
}

/** Its package.json, looked for as Node looks for packages: not every library exports it. */
function versionOf(name: string, where: string): string | undefined {
  for (const folder of createRequire(where).resolve.paths(name) ?? []) {
    const file = join(folder, name, "package.json")
    if (!existsSync(file)) continue
    const { version } = JSON.parse(readFileSync(file, "utf8")) as { version?: unknown }
    return typeof version === "string" ? version : undefined
  }
  return undefined
}
