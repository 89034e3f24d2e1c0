import { open, rename, rm } from "node:fs/promises"
import { WardkeepError } from "@wardkeep/core"

/** Characters written at once. */
const piece = 1024 * 1024

/**
 * Has `work` write a file that appears only when it is whole and on the disk; nobody else may read it.
 *
 * @param shown the file as the caller named it
 * @throws WK009 it cannot be written, or the disk is full
 */
export async function wholeFile<T>(
  path: string,
  shown: string,
  work: (write: (text: string) => Promise<void>) => Promise<T>,
): Promise<T> {
  const partial = `${path}.partial`
  const unwritable = (cause: unknown): never => {
    throw new WardkeepError("WK009", { message: `${shown} cannot be written`, hint: "Check folder and disk.", cause })
  }
  const file = await open(partial, "wx", 0o600).catch(unwritable)
  try {
    let waiting = ""
    const flush = async (): Promise<void> => {
      await file.writeFile(waiting).catch(unwritable)
      waiting = ""
    }
    const made = await work(async (text) => {
      waiting += text
      if (waiting.length > piece) await flush()
    })
    await flush()
    await file.sync().catch(unwritable)
    await rename(partial, path).catch(unwritable)
    return made
  } catch (error) {
    await rm(partial, { force: true })
    throw error
  } finally {
    await file.close()
  }
}
