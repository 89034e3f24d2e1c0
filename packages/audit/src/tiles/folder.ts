import { randomBytes } from "node:crypto"
import { link, mkdir, open, readFile, rename, rm } from "node:fs/promises"
import { dirname, join } from "node:path"
import { WardkeepError } from "@wardkeep/core"

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
  /** Writes what changes. */
  replace(path: string, bytes: Buffer): Promise<void>
  /** Takes away what lies under a path; nothing where nothing does. */
  remove(path: string): Promise<void>
}

/**
 * A folder that a web server may serve as it is.
 *
 * @param shown the folder as the caller named it
 * @throws WK009 by its methods: it cannot be read or written
 */
export function tileFolder(folder: string, shown: string): TileStore {
  const unwritable = (cause: unknown): never => {
    throw new WardkeepError("WK009", { message: `${shown} cannot be written`, hint: "Check folder and disk.", cause })
  }
  const other = (path: string): WardkeepError =>
    new WardkeepError("WK454", { message: `${path} in ${shown} holds something else` })
  const read = (path: string): Promise<Buffer | undefined> =>
    readFile(join(folder, path)).catch((cause: unknown) => {
      if (hasCode(cause, "ENOENT") || hasCode(cause, "ENOTDIR")) return undefined
      throw new WardkeepError("WK009", { message: `${shown} cannot be read`, hint: "Check the folder.", cause })
    })
  const written = async <T>(bytes: Buffer, place: (whole: string) => Promise<T>): Promise<T> => {
    const whole = join(folder, `.${randomBytes(8).toString("hex")}.part`)
    try {
      const file = await open(whole, "wx", 0o644)
      try {
        await file.writeFile(bytes)
        await file.sync()
      } finally {
        await file.close()
      }
      return await place(whole)
    } finally {
      await rm(whole, { force: true })
    }
  }
  return {
    read,
    async add(path, bytes) {
      const there = await read(path)
      if (there?.equals(bytes)) return false
      if (there !== undefined) throw other(path)
      const target = join(folder, path)
      await mkdir(dirname(target), { recursive: true }).catch(unwritable)
      // Unlike rename, a link takes nobody's place.
      return await written(bytes, (whole) => link(whole, target)).then(
        () => true,
        async (cause: unknown) => {
          if (!hasCode(cause, "EEXIST")) unwritable(cause)
          // Who came a moment ago wrote the same, or is of another log; a link that leads nowhere is neither.
          if ((await read(path))?.equals(bytes) !== true) throw other(path)
          return false
        },
      )
    },
    async replace(path, bytes) {
      await mkdir(folder, { recursive: true }).catch(unwritable)
      await written(bytes, (whole) => rename(whole, join(folder, path))).catch(unwritable)
    },
    async remove(path) {
      await rm(join(folder, path), { recursive: true, force: true }).catch(unwritable)
    },
  }
}

const hasCode = (cause: unknown, code: string): boolean =>
  typeof cause === "object" && cause !== null && "code" in cause && cause.code === code
