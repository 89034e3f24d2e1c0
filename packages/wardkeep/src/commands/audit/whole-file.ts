import { link, lstat, open, rename, rm } from "node:fs/promises"
import { WardkeepError } from "@wardkeep/core"

/** Characters written at once. */
const piece = 1024 * 1024

/**
 * Has `work` write a new file that appears only when it is whole and on the disk; nobody else may read it. What is evidence is
 * never written over.
 *
 * @param shown the file as the caller named it
 * @throws WK009 it exists already or cannot be written, or the disk is full. Where the work is done and only the name cannot be
 *   given, what was written stays beside it, and the error says where
 */
export async function wholeFile<T>(
  path: string,
  shown: string,
  work: (write: (text: string) => Promise<void>) => Promise<T>,
): Promise<T> {
  await requireNew(path, shown)
  const partial = `${path}.partial`
  const unwritable = (cause: unknown): never => {
    throw new WardkeepError("WK009", { message: `${shown} cannot be written`, hint: "Check folder and disk.", cause })
  }
  const file = await open(partial, "wx", 0o600).catch((cause) =>
    hasCode(cause, "EEXIST") ? refuseLeftOver(`${shown}.partial`) : unwritable(cause),
  )
  let isWhole = false
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
    isWhole = true
    await place(partial, path).catch((cause: unknown) => {
      if (hasCode(cause, "EEXIST"))
        refuseExisting(shown, `What was written is whole, as ${shown}.partial: move it to a place of its own.`)
      throw new WardkeepError("WK009", {
        message: `${shown} cannot be given its name`,
        hint: `What was written is whole, as ${shown}.partial: move it to a place of its own.`,
        cause,
      })
    })
    isWhole = false
    return made
  } finally {
    await file.close()
    if (!isWhole) await rm(partial, { force: true })
  }
}

/** Unlike rename, a link takes nobody's place, even of who came a moment ago; where there are none, the place is taken empty first. */
async function place(partial: string, path: string): Promise<void> {
  try {
    await link(partial, path)
  } catch (cause) {
    if (hasCode(cause, "EEXIST")) throw cause
    await (await open(path, "wx", 0o600)).close()
    await rename(partial, path)
  }
}

function refuseLeftOver(shown: string): never {
  throw new WardkeepError("WK009", {
    message: `${shown} exists already`,
    hint: "A run that was ended left it, or one is at work. Look at it, move it away, and run this again.",
  })
}

/** @throws WK009 something has this name, be it a link that leads nowhere */
export async function requireNew(path: string, shown: string): Promise<void> {
  // What cannot be asked cannot be written either, which says why.
  const isThere = await lstat(path).then(
    () => true,
    () => false,
  )
  if (isThere) refuseExisting(shown)
}

function refuseExisting(shown: string, hint = "Name a new file, or move this one away; it was left as it is."): never {
  throw new WardkeepError("WK009", { message: `${shown} exists already`, hint })
}

const hasCode = (cause: unknown, code: string): boolean =>
  typeof cause === "object" && cause !== null && "code" in cause && cause.code === code
