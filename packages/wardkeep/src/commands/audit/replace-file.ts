import { randomBytes } from "node:crypto"
import type { Stats } from "node:fs"
import { lstat, open, realpath, rename, rm, stat } from "node:fs/promises"
import { dirname } from "node:path"

/**
 * Gives a file another content, at once and on the disk: whoever reads it, and whoever comes after a crash, has the one before
 * or this one. A link stays one; what is no file, such as a pipe, and what a link names before it is there, is written to.
 */
export async function replaceFile(path: string, text: string): Promise<void> {
  const there = await stat(path).catch(absent)
  const isDangling = there === undefined && (await lstat(path).catch(absent)) !== undefined
  if (isDangling || there?.isFile() === false) return await writeThrough(path, "w", text)
  const target = there === undefined ? path : await realpath(path)
  const beside = `${target}.${randomBytes(4).toString("hex")}.partial`
  try {
    await writeThrough(beside, "wx", text, there)
    await rename(beside, target)
  } catch (error) {
    await rm(beside, { force: true })
    throw error
  }
  await keepNames(dirname(target))
}

async function writeThrough(path: string, flags: "w" | "wx", text: string, as?: Stats): Promise<void> {
  const file = await open(path, flags)
  try {
    if (as !== undefined) {
      const made = await file.stat()
      // Whoever copies it away may read it by its group.
      if (made.uid !== as.uid || made.gid !== as.gid) await file.chown(as.uid, as.gid)
      await file.chmod(as.mode & 0o777)
    }
    await file.writeFile(text)
    if ((await file.stat()).isFile()) await file.sync()
  } finally {
    await file.close()
  }
}

/** A file's name is on the disk when its folder is. Where a folder cannot be opened, its system keeps names by itself. */
async function keepNames(folder: string): Promise<void> {
  const opened = await open(folder, "r").catch(() => undefined)
  try {
    await opened?.sync().catch((cause: NodeJS.ErrnoException) => {
      if (cause.code !== "EINVAL" && cause.code !== "EPERM") throw cause
    })
  } finally {
    await opened?.close()
  }
}

function absent(cause: NodeJS.ErrnoException): undefined {
  if (cause.code !== "ENOENT") throw cause
}
