import { boundTo, originOf, separated } from "./credentials.js"
import type { Account, Exchange } from "./exchange.js"
import { maySay, refusal, type Scope } from "./scope.js"

export interface Prepared {
  readonly accounts: Account[]
  readonly recorded: Exchange[]
  /** Messages that the scope does not allow. */
  readonly silenced: number
}

/** Credentials apart from requests and bound to their origins, and of each WebSocket only what may be said. */
export function prepared(given: readonly Account[], all: readonly Exchange[], scope: Scope, baseUrl: string): Prepared {
  const { accounts, recorded } = separated(given, all)
  const bound = accounts.map((account) => boundTo(account, originsFor(account, recorded, scope, baseUrl)))
  let silenced = 0
  const sayable = recorded.map((one): Exchange => {
    const { messages, url } = one.call
    if (messages === undefined) return one
    const allowed = messages.filter((message) => maySay(scope, url, message))
    silenced += messages.length - allowed.length
    return { ...one, call: { ...one.call, messages: allowed } }
  })
  return { accounts: bound, recorded: sayable, silenced }
}

/** For what came without an address: the base URL, or where the account was used. */
function originsFor(account: Account, recorded: readonly Exchange[], scope: Scope, baseUrl: string): string[] {
  if (URL.canParse(baseUrl)) return [originOf(baseUrl)]
  const [first] = recorded.filter(({ account: name, call }) => name === account.name && !refusal(scope, call))
  return first === undefined ? [] : [originOf(first.call.url)]
}
