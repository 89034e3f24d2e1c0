import { WardkeepError } from "@wardkeep/core"
import type { ContextStore } from "../context/store.js"

/**
 * What belongs to one `wk.run` can be handed on, and would give one session's rows where another's context is in force.
 *
 * @throws WK101 used where no run is · WK103 used in another run
 */
export function requireRun(store: ContextStore, run: object, what: string): void {
  const here = store.get()
  if (here?.run === run) return
  if (here === undefined) throw new WardkeepError("WK101", { message: `${what} outside of the run it belongs to` })
  throw new WardkeepError("WK103", { message: `${what} in another run than the one it belongs to` })
}

/** Who asks for rows elsewhere ends them for everybody, with an error: nobody takes a part for the whole. */
export function boundTo<T>(
  store: ContextStore,
  run: object,
  rows: AsyncGenerator<T, void, undefined>,
): AsyncGenerator<T, void, undefined> {
  const next = rows.next.bind(rows)
  let refused: Promise<never> | undefined
  rows.next = () => {
    if (refused !== undefined) return refused
    try {
      requireRun(store, run, "rows were read")
      return next()
    } catch (error) {
      refused = rows.return().then(() => {
        throw error
      })
      return refused
    }
  }
  return rows
}
