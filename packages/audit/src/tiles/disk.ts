import { randomBytes } from "node:crypto"
import { type link, lstat, open, rename, rm } from "node:fs/promises"
import { join } from "node:path"
import { setTimeout as sleep } from "node:timers/promises"
import { WardkeepError } from "@wardkeep/core"

/** What a disk without hard links says to a link: FAT, some network file systems. */
const linkless = ["EPERM", "ENOTSUP", "EOPNOTSUPP", "ENOSYS"]
/** How long a writer waits for another one that publishes, which takes some milliseconds. */
const patience = 2000

export const hasCode = (cause: unknown, code: string): boolean =>
  typeof cause === "object" && cause !== null && "code" in cause && cause.code === code

export function refuseWriting(shown: string, cause: unknown): never {
  throw new WardkeepError("WK009", { message: `${shown} cannot be written`, hint: "Check folder and disk.", cause })
}

/** How files come into a folder whole, and by one writer at a time. */
export class Disk {
  readonly #folder: string
  readonly #shown: string
  readonly #link: typeof link

  constructor(folder: string, shown: string, linking: typeof link) {
    this.#folder = folder
    this.#shown = shown
    this.#link = linking
  }

  /** Writes a file of no name that anybody reads, which `place` gives one. */
  async written<T>(bytes: Buffer, place: (whole: string) => Promise<T>): Promise<T> {
    const whole = join(this.#folder, `.${randomBytes(8).toString("hex")}.part`)
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

  /**
   * Unlike rename, a link takes nobody's place; where there are none, the lock sees to it.
   *
   * @throws an error with EEXIST where something is there · WK458
   */
  async place(whole: string, target: string): Promise<void> {
    try {
      await this.#link(whole, target)
    } catch (cause) {
      if (!linkless.some((code) => hasCode(cause, code))) throw cause
      await this.locked(async () => {
        const isThere = await lstat(target).then(
          () => true,
          () => false,
        )
        if (isThere) throw Object.assign(new Error("it is there"), { code: "EEXIST" })
        await rename(whole, target)
      })
    }
  }

  /**
   * Runs `work` while no other writer of the folder runs any.
   *
   * @throws WK458 another one does not end · WK009
   */
  async locked<T>(work: () => Promise<T>): Promise<T> {
    const lock = join(this.#folder, ".lock")
    for (const since = Date.now(); ; await sleep(20)) {
      const isMine = await open(lock, "wx").then(
        (file) => file.close().then(() => true),
        (cause: unknown) => (hasCode(cause, "EEXIST") ? false : refuseWriting(this.#shown, cause)),
      )
      if (isMine) break
      if (Date.now() - since > patience)
        throw new WardkeepError("WK458", {
          message: `somebody else writes ${this.#shown}: ${join(this.#shown, ".lock")} is there`,
        })
    }
    return await work().finally(() => rm(lock, { force: true }))
  }
}
