import { WardkeepError } from "@wardkeep/core"
import { type Context, selectContext } from "../context/context.js"
import type { ContextStore, Frame } from "../context/store.js"
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

  /**
   * The rows, for the run that asked for them only. An iterator can be handed on, and would give one session's rows where
   * another's context is in force. Who asks elsewhere ends it for everybody, with an error: nobody takes a part for the whole.
   *
   * @throws WK101 none
   */
  bound<T>(rows: AsyncGenerator<T, void, undefined>): AsyncGenerator<T, void, undefined> {
    const { run } = this.frame()
    const next = rows.next.bind(rows)
    let refused: Promise<never> | undefined
    rows.next = () => {
      const here = this.#store.get()
      if (refused === undefined && here?.run === run) return next()
      refused ??= rows.return().then(() => {
        if (here === undefined) throw new WardkeepError("WK101", { message: "rows were read outside of their run" })
        throw new WardkeepError("WK103", { message: "rows were read in another run than they were asked for in" })
      })
      return refused
    }
    return rows
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
