import type { Account, Call, Credential, Exchange, Header } from "./exchange.js"

/** Parameters that say who asks, as a cookie does: they belong to the account and never to the request. */
const always =
  /^((access|id|refresh|auth|session|bearer|csrf|xsrf|api)[-_]?token|jwt|bearer|auth|authorization|(x-)?api[-_]?key|access[-_]?key|session[-_]?(id|key)|[a-z]*sessid|j?sid|ticket|password|passwd|pwd|secret|client[-_]?secret)$/i
/** These name a signature or a record as often. The same value in every request of an account is the account's. */
const ifSteady = /^(token|session)$/i

export const isCredentialParameter = (name: string): boolean => always.test(name) || ifSteady.test(name)

/** Of a WebSocket the origin of its handshake. */
export const originOf = (url: string): string => new URL(url.replace(/^ws/i, "http")).origin

/**
 * Moves the credentials in the addresses of a recording to the account that recorded them. The parameter stays in the
 * address without a value, and whoever asks puts its own there.
 */
export function separated(
  accounts: readonly Account[],
  recorded: readonly Exchange[],
): { readonly accounts: Account[]; readonly recorded: Exchange[] } {
  const found = new Map(
    accounts.map(({ name }) => [name, parametersIn(recorded.filter((one) => one.account === name))]),
  )
  return {
    accounts: accounts.map((account) => {
      const own = found.get(account.name) ?? []
      return own.length === 0 ? account : { ...account, parameters: [...(account.parameters ?? []), ...own] }
    }),
    recorded: recorded.map((one) => ({ ...one, call: emptied(one.call, found.get(one.account) ?? []) })),
  }
}

/** The last value wins: a login in the middle of a recording renews it. */
function parametersIn(exchanges: readonly Exchange[]): Credential[] {
  const values = new Map<string, Set<string>>()
  const add = (name: string, value: string, origin: string): void => {
    const key = `${origin} ${name}`
    values.set(key, (values.get(key) ?? new Set()).add(value))
  }
  for (const { call } of exchanges)
    for (const [name, value] of new URL(call.url).searchParams)
      if (isCredentialParameter(name) && value !== "") add(name, value, originOf(call.url))
  return [...values].flatMap(([key, all]): Credential[] => {
    const [origin = "", name = ""] = key.split(" ", 2)
    return all.size === 1 || always.test(name) ? [[name, [...all].at(-1) ?? "", [origin]]] : []
  })
}

function emptied(call: Call, parameters: readonly Credential[]): Call {
  const url = new URL(call.url)
  const origin = originOf(call.url)
  const own = parameters.filter(([name, , origins]) => origins?.includes(origin) && url.searchParams.has(name))
  if (own.length === 0) return call
  for (const [name] of own) url.searchParams.set(name, "")
  return { ...call, url: url.href }
}

/** What an account is recognised by at this address; nothing where it was never recognised before. */
export function credentialsFor(
  credentials: readonly Credential[] | undefined,
  url: string,
  everywhere: readonly string[] = [],
): Header[] {
  const origin = originOf(url)
  const isHere = ([, , origins]: Credential): boolean => origins === undefined || origins.includes(origin)
  const here = (credentials ?? []).filter(isHere)
  const others = everywhere.includes(origin) ? (credentials ?? []) : []
  return [...new Map([...others, ...here].map(([name, value]): Header => [name, value]))]
}

/** The address with the asker's own credentials where it has places for them. */
export function filled(url: string, parameters: readonly Header[]): string {
  const address = new URL(url)
  const open = [...address.searchParams].filter(([name, value]) => value === "" && isCredentialParameter(name))
  if (open.length === 0) return url
  for (const [name] of open) {
    const own = parameters.find(([key]) => key.toLowerCase() === name.toLowerCase())
    if (own === undefined) address.searchParams.delete(name)
    else address.searchParams.set(name, own[1])
  }
  return address.href
}

/** Credentials that came without an address, as those of `--as`, are for these origins. */
export function boundTo(account: Account, origins: readonly string[]): Account {
  const bind = ([name, value, own]: Credential): Credential => [name, value, own ?? origins]
  return {
    ...account,
    credentials: account.credentials.map(bind),
    ...(account.parameters === undefined ? {} : { parameters: account.parameters.map(bind) }),
  }
}
