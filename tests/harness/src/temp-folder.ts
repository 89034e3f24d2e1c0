import { chmodSync, readdirSync } from "node:fs"
import { makeHome } from "./home.ts"
import { untilNone } from "./leftovers.ts"

const ours = /^(wardkeep|wk)-/
/** Servers' own folders; each has a guard that deletes it. */
const guarded = /^wardkeep-run-/

/**
 * A temp folder for one run of tests: whatever they make below tmpdir() goes with the run, however it ends. A folder of
 * ours that is still there at the end fails the run, because whoever runs one file alone would keep it.
 */
export default function setup(): () => Promise<void> {
  const before = process.env.TMPDIR
  const { path, remove } = makeHome(undefined)
  // As the system's own: some tests start servers as another user in it.
  chmodSync(path, 0o1777)
  process.env.TMPDIR = path
  return async () => {
    if (before === undefined) delete process.env.TMPDIR
    else process.env.TMPDIR = before
    const left = await untilNone(async () => leftFolders(path))
    await remove()
    if (left.length === 0) return
    // Vitest prints what a teardown throws, and ends with 0.
    process.exitCode = 1
    throw new Error(`tests left folders in the temp folder: ${left.join(", ")}`)
  }
}

export function leftFolders(path: string): string[] {
  return readdirSync(path).filter((name) => ours.test(name) && !guarded.test(name))
}
