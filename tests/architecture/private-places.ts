import type { RepositoryFile } from "./repository.ts"

// Joined from parts so that the guard does not find itself.
const hosts = [
  ["registry", "npmjs", "org"],
  ["registry", "yarnpkg", "com"],
  ["npm", "pkg", "github", "com"],
  ["deb", "debian", "org"],
].map((parts) => parts.join("."))

const machinePath = /(?<![\w./~$})-])\/(?:work|tmp|root|Users|home\/[a-z][\w-]*)\/[\w.@-]/

/** Lines that name a place which exists on one machine only, or a registry's host. */
export function privatePlaces(files: readonly RepositoryFile[]): string[] {
  return files.flatMap(({ path, text }) =>
    text.split("\n").flatMap((line, index) => {
      const found = machinePath.test(line) || hosts.some((host) => line.includes(host))
      return found ? [`${path}:${index + 1}: ${line.trim().slice(0, 120)}`] : []
    }),
  )
}

/** Resolutions in the lockfile that point at a host instead of at the name, version and hash. */
export function lockedHosts(lockfile: string): string[] {
  return lockfile.split("\n").filter((line) => line.includes("://") && !line.includes("deprecated:"))
}
