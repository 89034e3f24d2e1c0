import { setTimeout as sleep } from "node:timers/promises"
import type { Anchor } from "./anchor.js"

export interface OutboxOptions {
  readonly anchors: readonly Anchor[]
  /** Least milliseconds between two checkpoints of one anchor. Default 60000. */
  readonly every?: number
  /** What an anchor keeps now. */
  readonly onKept?: (anchor: Anchor, checkpoint: string) => void | Promise<void>
  /** Each failure; the next checkpoint is tried all the same. */
  readonly onFailed: (anchor: Anchor, error: unknown) => void
}

/** Hands checkpoints to anchors beside the sealer, which waits for none of them. */
export interface Outbox {
  /** Returns at once. Of several checkpoints that wait for one anchor, the newest is sent: it speaks for those before it. */
  offer(checkpoint: string | null): void
  /** Sends what still waits now, and resolves when every anchor has answered or used up its time. */
  settle(): Promise<void>
}

/**
 * @example
 * const outbox = openOutbox({ anchors, onFailed: (anchor, error) => log.error(anchor.name, error) })
 * await sealer.run({ signal, onSealed: ({ checkpoint }) => outbox.offer(checkpoint) })
 * await outbox.settle()
 */
export function openOutbox(options: OutboxOptions): Outbox {
  const { anchors, every = 60_000 } = options
  const ending = new AbortController()
  const lines = anchors.map((anchor) => new Line(anchor, every, options, ending.signal))
  return {
    offer(checkpoint) {
      if (checkpoint !== null) for (const line of lines) line.offer(checkpoint)
    },
    async settle() {
      ending.abort()
      await Promise.all(lines.map((line) => line.done))
    },
  }
}

/** What waits for one anchor. */
class Line {
  done: Promise<void> = Promise.resolve()
  #newest: string | undefined
  #running = false

  constructor(
    readonly anchor: Anchor,
    readonly every: number,
    readonly options: OutboxOptions,
    readonly ending: AbortSignal,
  ) {}

  offer(checkpoint: string): void {
    this.#newest = checkpoint
    if (this.#running) return
    this.#running = true
    this.done = this.#send()
  }

  async #send(): Promise<void> {
    while (this.#newest !== undefined) {
      const checkpoint = this.#newest
      this.#newest = undefined
      try {
        await this.options.onKept?.(this.anchor, await this.anchor.keep(checkpoint))
      } catch (error) {
        this.options.onFailed(this.anchor, error)
      }
      // The pause counts from the answer, so that an anchor which is slow is not asked more often than it can answer.
      await sleep(this.every, undefined, { signal: this.ending }).catch(() => undefined)
    }
    this.#running = false
  }
}
