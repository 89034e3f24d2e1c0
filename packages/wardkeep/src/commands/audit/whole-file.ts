import { link, lstat, open, rm } from "node:fs/promises"
import { WardkeepError } from "@wardkeep/core"

/** Characters written at once. */
const piece = 1024 * 1024

/**
 * Has `work` write a new file that appears only when it is whole and on the disk; nobody else may read it. What is evidence is
 * never written over.
 *
 * @param shown the file as the caller named it
 * @throws WK009 it exists already or cannot be written, or the disk is full
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
    // Unlike rename, a link takes nobody's place, even of who came a moment ago.
    await link(partial, path).catch((cause) => (hasCode(cause, "EEXIST") ? refuseExisting(shown) : unwritable(cause)))
    return made
  } finally {
    await rm(partial, { force: true })
    await file.close()
  }
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

function refuseExisting(shown: string): never {
  throw new WardkeepError("WK009", {
    message: `${shown} exists already`,
    hint: "Name a new file, or move this one away; it was left as it is.",
  })
}

const hasCode = (cause: unknown, code: string): boolean =>
  typeof cause === "object" && cause !== null && "code" in cause && cause.code === code
