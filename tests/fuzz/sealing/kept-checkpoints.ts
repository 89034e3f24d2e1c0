import type { KeyObject } from "node:crypto"
import { readFile } from "node:fs/promises"
import { setTimeout as sleep } from "node:timers/promises"
import { readCheckpoint } from "@wardkeep/audit/verify"

/** Whoever copies the sealer's file of checkpoints to another machine, as often as it changes. */
export class KeptCheckpoints {
  readonly #path: string
  readonly #keys: readonly KeyObject[]
  readonly all: string[] = []
  /** What was in the file and is no whole checkpoint. */
  readonly torn: string[] = []
  readonly #onNew: () => void

  constructor(path: string, keys: readonly KeyObject[], onNew: () => void) {
    this.#path = path
    this.#keys = keys
    this.#onNew = onNew
  }

  async watch(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.look()
      await sleep(10)
    }
    await this.look()
  }

  async look(): Promise<void> {
    const text = await readFile(this.#path, "utf8").catch((error: NodeJS.ErrnoException) => {
      if (error.code === "ENOENT") return undefined
      throw error
    })
    if (text === undefined || text === this.all.at(-1)) return
    if (readCheckpoint(text, this.#keys)?.signature === "valid") {
      this.all.push(text)
      this.#onNew()
    } else this.torn.push(text)
  }
}
