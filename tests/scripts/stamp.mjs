import { createHash } from "node:crypto"
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs"
import { dirname, join } from "node:path"

const ignored = new Set(["node_modules", "dist", ".git", ".data"])

function* filesIn(path) {
  let entries
  try {
    entries = readdirSync(path, { withFileTypes: true })
  } catch (error) {
    if (error.code === "ENOTDIR") yield path
    else if (error.code !== "ENOENT") throw error
    return
  }
  for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    if (ignored.has(entry.name)) continue
    if (entry.isDirectory()) yield* filesIn(join(path, entry.name))
    else if (entry.isFile() && !entry.name.endsWith(".test.ts")) yield join(path, entry.name)
  }
}

/** SHA-256 over the names and bytes of everything below the given paths that can end up in a build. */
export function hashOf(root, paths) {
  const hash = createHash("sha256")
  for (const path of paths) {
    for (const file of filesIn(join(root, path))) {
      hash.update(file.slice(root.length)).update("\0").update(readFileSync(file)).update("\0")
    }
  }
  return hash.digest("hex")
}

export function isStamped(file, value) {
  try {
    return readFileSync(file, "utf8") === value
  } catch {
    return false
  }
}

export function stamp(file, value) {
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, value)
}
