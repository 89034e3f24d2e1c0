/** What runs on the oldest supported Node: read from the lockfile, where every package states its engines. */
const supported = [20, 19, 0] as const

/** Development tools that state a newer Node but are never loaded by what we run. */
const neverLoaded = new Set(["@prisma/streams-local"])

type Version = readonly [number, number, number]

const parse = (text: string): Version => {
  const [major = "0", minor = "0", patch = "0"] = text.replace(/[^\d.x*]/g, "").split(".")
  const number = (part: string) => Number.parseInt(part, 10) || 0
  return [number(major), number(minor), number(patch)]
}

const compare = (a: Version, b: Version) => a[0] - b[0] || a[1] - b[1] || a[2] - b[2]

function satisfies(comparator: string): boolean {
  if (comparator === "*" || comparator === "") return true
  const version = parse(comparator)
  if (comparator.startsWith(">=")) return compare(supported, version) >= 0
  if (comparator.startsWith(">")) return compare(supported, version) > 0
  if (comparator.startsWith("<=")) return compare(supported, version) <= 0
  if (comparator.startsWith("<")) return compare(supported, version) < 0
  return supported[0] === version[0] && compare(supported, version) >= 0
}

/** The part of semver ranges that `engines` fields use: alternatives of comparators. */
export const runsOnOldestNode = (range: string): boolean =>
  range.split("||").some((part) =>
    part
      .trim()
      .replace(/([<>=^~]+)\s+/g, "$1")
      .split(/\s+/)
      .every(satisfies),
  )

/** Locked packages whose stated engines leave out the oldest Node we support. */
export function tooNew(lockfile: string): string[] {
  const packages = lockfile.slice(lockfile.indexOf("\npackages:"), lockfile.indexOf("\nsnapshots:"))
  return packages.split(/\n\n/).flatMap((block) => {
    const name = /^ {2}'?(@?[^@'\n]+)@[^:\n]+'?:/m.exec(block)?.[1]
    const range = /engines: \{[^}]*?\bnode: (?:'([^']*)'|([^,}]*))/.exec(block)
    const stated = range?.[1] ?? range?.[2]
    if (name === undefined || stated === undefined || neverLoaded.has(name)) return []
    return runsOnOldestNode(stated.trim()) ? [] : [`${name} needs Node ${stated.trim()}`]
  })
}
