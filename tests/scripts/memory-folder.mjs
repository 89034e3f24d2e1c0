import { readFileSync, statfsSync } from "node:fs"

/** `f_type` of a tmpfs, from linux/magic.h. */
const tmpfs = 0x01021994
const gigabyte = 2 ** 30

/** Sixteen files of a leg took 0.4 GB at most, three small legs at once 0.2; the log of a server alone may take 1 GB (`max_wal_size`). */
export const leastSpace = 4 * gigabyte
export const leastMemory = 8 * gigabyte

/**
 * Where the servers of a leg may keep what they forget anyway: memory instead of a disk, if there is enough of it to spare.
 * Undefined where there is not, where programs may not run from it, or where somebody chose a temp folder.
 *
 * ext4 looks again at every inode that was freed in the last minutes before it gives one: a database of 300 files, made
 * and dropped for a file of tests, takes 16 ms of processor time on a quiet disk, 170 amid a leg, and 9 in memory.
 *
 * @param {string} [folder]
 * @param {{ available?: number, mounts?: string, chosen?: string | undefined, least?: number }} [machine]
 * @returns {string | undefined}
 */
export function memoryFolder(folder = "/dev/shm", machine = { chosen: process.env.TMPDIR }) {
  const { available = process.availableMemory(), mounts = mountsOf(), chosen, least = leastSpace } = machine
  if (chosen !== undefined || available < leastMemory) return undefined
  const { type, bavail, bsize } = space(folder)
  if (type !== tmpfs || bavail * bsize < least) return undefined
  return options(mounts, folder).includes("noexec") ? undefined : folder
}

function space(folder) {
  try {
    return statfsSync(folder)
  } catch {
    return { type: 0, bavail: 0, bsize: 0 }
  }
}

function mountsOf() {
  try {
    return readFileSync("/proc/mounts", "utf8")
  } catch {
    return ""
  }
}

/** The last mount over a folder is the one that counts. */
function options(mounts, folder) {
  const lines = mounts.split("\n").map((line) => line.split(" "))
  return lines.findLast(([, place]) => place === folder)?.[3]?.split(",") ?? ["noexec"]
}
