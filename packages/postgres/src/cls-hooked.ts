import type { Namespace } from "cls-hooked"
import type { ContextStore, Frame } from "./context/store.js"

const key = "wardkeep.context.v1"

/**
 * Lets a host that lives on cls-hooked keep its namespace as the carrier of the context. For hosts that have it; new
 * ones leave `contextStore` out and get AsyncLocalStorage.
 *
 * @example
 * const wk = createWardkeep({ pool, policy, contextStore: fromNamespace(getNamespace("app")) })
 */
export function fromNamespace(namespace: Namespace): ContextStore {
  return {
    run: (frame, work) =>
      namespace.runPromise(async () => {
        namespace.set(key, frame)
        return await work()
      }),
    get: () => {
      const frame: Frame | undefined = namespace.get(key)
      return frame
    },
  }
}
