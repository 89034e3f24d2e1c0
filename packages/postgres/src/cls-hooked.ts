import { WardkeepError } from "@wardkeep/core"
import type { Namespace } from "cls-hooked"
import type { ContextStore, Frame } from "./context/store.js"

const key = "wardkeep.context.v1"

/**
 * Lets a host that lives on cls-hooked keep its namespace as the carrier of the context. For hosts that have it; new
 * ones leave `contextStore` out and get AsyncLocalStorage.
 *
 * cls-hooked hands the context of whoever settles a promise to code that has none of its own, so after `wk.run` such
 * code would go on in somebody's context. The host's own context must therefore be around every call.
 *
 * @throws WK009 from `run`, when the namespace has no active context
 * @example
 * const wk = createWardkeep({ pool, policy, contextStore: fromNamespace(getNamespace("app")) })
 */
export function fromNamespace(namespace: Namespace): ContextStore {
  return {
    run: async (frame, work) => {
      if (!namespace.active) {
        throw new WardkeepError("WK009", {
          message: "the cls-hooked namespace has no active context around this call",
          hint: "Enter one per request first: namespace.run(() => next()) in a middleware.",
        })
      }
      // Not runPromise: it leaves the inner context active for whoever awaits it, so a finished transaction would go on.
      return await namespace.runAndReturn(async () => {
        namespace.set(key, frame)
        return await work()
      })
    },
    get: () => {
      const frame: Frame | undefined = namespace.get(key)
      return frame
    },
  }
}
