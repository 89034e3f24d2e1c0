import { link, mkdir, readFile, rename, rm } from "node:fs/promises"
import { dirname, join } from "node:path"
import { WardkeepError } from "@wardkeep/core"
import { Disk, hasCode, refuseWriting } from "./disk.js"

/** Where tiles are kept: what is there under a path is whole or not there. */
export interface TileStore {
  read(path: string): Promise<Buffer | undefined>
  /**
   * Adds what never changes; nothing where it is there already.
   *
   * @returns whether it was added
   * @throws WK454 something else is there
   */
  add(path: string, bytes: Buffer): Promise<boolean>
  /**
   * Writes what changes, where it is still what was read before.
   *
   * @returns whether it was written
   * @throws WK458 somebody else is writing it, and does not end
   */
  swap(path: string, before: Buffer | undefined, bytes: Buffer): Promise<boolean>
  /** Takes away what lies under a path; nothing where nothing does. */
  remove(path: string): Promise<void>
}

/**
 * A folder that a web server may serve as it is.
 *
 * @param shown the folder as the caller named it
 * @param linking for tests: how a file gets another name
 * @throws WK009 by its methods: it cannot be read or written
 */
export function tileFolder(folder: string, shown: string, linking: typeof link = link): TileStore {
  const unwritable = (cause: unknown): never => refuseWriting(shown, cause)
  const other = (path: string): WardkeepError =>
    new WardkeepError("WK454", { message: `${path} in ${shown} holds something else` })
  const read = (path: string): Promise<Buffer | undefined> =>
    readFile(join(folder, path)).catch((cause: unknown) => {
      if (hasCode(cause, "ENOENT") || hasCode(cause, "ENOTDIR")) return undefined
      throw new WardkeepError("WK009", { message: `${shown} cannot be read`, hint: "Check the folder.", cause })
    })
  const disk = new Disk(folder, shown, linking)
  return {
    read,
    async add(path, bytes) {
      const there = await read(path)
      if (there?.equals(bytes)) return false
      if (there !== undefined) throw other(path)
      const target = join(folder, path)
      await mkdir(dirname(target), { recursive: true }).catch(unwritable)
      return await disk
        .written(bytes, (whole) => disk.place(whole, target))
        .then(
          () => true,
          async (cause: unknown) => {
            if (cause instanceof WardkeepError) throw cause
            if (!hasCode(cause, "EEXIST")) unwritable(cause)
            // Who came a moment ago wrote the same, or is of another log; a link that leads nowhere is neither.
            if ((await read(path))?.equals(bytes) !== true) throw other(path)
            return false
          },
        )
    },
    async swap(path, before, bytes) {
      await mkdir(folder, { recursive: true }).catch(unwritable)
      return await disk.locked(async () => {
        const there = await read(path)
        if (there === undefined || before === undefined ? there !== before : !there.equals(before)) return false
        await disk.written(bytes, (whole) => rename(whole, join(folder, path))).catch(unwritable)
        return true
      })
    },
    async remove(path) {
      await rm(join(folder, path), { recursive: true, force: true }).catch(unwritable)
    },
  }
}
