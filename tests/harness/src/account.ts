import { readFileSync, statSync } from "node:fs"
import { dirname, resolve } from "node:path"

/** The user a server runs as. PostgreSQL and PgBouncer refuse to run as root. */
export interface Account {
  readonly uid: number
  readonly gid: number
}

/** Undefined unless this process is root: otherwise the server simply runs as whoever runs the tests. */
export function unprivilegedAccount(): Account | undefined {
  if (process.getuid?.() !== 0) return undefined
  const users = new Map(readFileSync("/etc/passwd", "utf8").split("\n").map(parseUser))
  const account = users.get("postgres") ?? users.get("nobody")
  return account ?? { uid: 65_534, gid: 65_534 }
}

function parseUser(line: string): [string, Account] {
  const [name = "", , uid, gid] = line.split(":")
  return [name, { uid: Number(uid), gid: Number(gid) }]
}

/** Whether another user may walk to `path`: every folder on the way needs the x bit for others. */
export function othersMayEnter(path: string): boolean {
  const folder = resolve(path)
  if ((statSync(folder).mode & 0o001) === 0) return false
  return dirname(folder) === folder || othersMayEnter(dirname(folder))
}
