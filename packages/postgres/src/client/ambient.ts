import { WardkeepError } from "@wardkeep/core"
import { type Context, selectContext } from "../context/context.js"
import type { ContextStore, Frame } from "../context/store.js"
import { boundTo } from "./own-run.js"
import { refuseOther } from "./transaction.js"

/** The context in force where a call is made, and what may not be called there. */
export class Ambient {
  readonly #store: ContextStore

  constructor(store: ContextStore) {
    this.#store = store
  }

  /** @throws WK101 none */
  frame(): Frame {
    const frame = this.#store.get()
    if (frame === undefined) throw new WardkeepError("WK101")
    return frame
  }

  /** For a call that takes a connection of its own. @throws WK101 · WK103 inside a transaction · WK110 */
  alone(): Context {
    const frame = this.frame()
    if (frame.transaction !== undefined) refuseOther(frame.transaction.ended)
    return contextOf(frame)
  }

  /** @throws WK101 none · WK110 several grants and no choice */
  context(): Context {
    return contextOf(this.frame())
  }

  tryContext(): Context | undefined {
    const frame = this.#store.get()
    return frame === undefined ? undefined : contextOf(frame)
  }

  /** The rows, for the run that asked for them only. @throws WK101 none */
  bound<T>(rows: AsyncGenerator<T, void, undefined>): AsyncGenerator<T, void, undefined> {
    return boundTo(this.#store, this.frame().run, rows)
  }

  /** @throws WK103 inside a transaction */
  refuseInside(what: string): void {
    const transaction = this.#store.get()?.transaction
    if (transaction !== undefined && !transaction.ended)
      throw new WardkeepError("WK103", { message: `${what} inside a transaction would use another connection` })
  }
}

export function contextOf(frame: Frame): Context {
  frame.context ??= selectContext(frame.session, frame.scope)
  return frame.context
}
