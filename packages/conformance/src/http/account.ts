import { WardkeepError } from "@wardkeep/core"
import type { Account, Credential, Header } from "./exchange.js"
import { isCredential } from "./har.js"

/**
 * The account of one `--as`: `A=Authorization: Bearer …`, or `A=@file` with one header per line.
 *
 * @throws WK754 when it is neither; the value is never repeated in the message
 */
export function parseAccount(text: string, readFile: (path: string) => string): Account {
  const [, name, value] = /^([\w.-]+)=([\s\S]+)$/.exec(text) ?? []
  if (name === undefined || value === undefined)
    throw new WardkeepError("WK754", { message: "--as needs a name, then =, then a header or @file" })
  const lines = (value.startsWith("@") ? readFile(value.slice(1)) : value).split(/\r?\n/).filter((line) => line.trim())
  const headers = lines.map((line): Header => {
    const [, header, content] = /^\s*([\w-]+)\s*:\s*(.+?)\s*$/.exec(line) ?? []
    if (header === undefined || content === undefined)
      throw new WardkeepError("WK754", { message: `--as ${name}: a line is not of the form Name: value` })
    return [header.toLowerCase(), content]
  })
  const credentials = headers.filter(([header]) => isCredential(header))
  // Somebody who gives one header gives what identifies the account, whatever it is called.
  return credentials.length === 0
    ? { name, credentials: headers, ambient: [] }
    : { name, credentials, ambient: headers.filter(([header]) => !isCredential(header)) }
}

/** One account from several sources: what comes later completes and replaces what came before. */
export function mergeAccounts(accounts: readonly Account[]): Account[] {
  const byName = new Map<string, Account>()
  for (const account of accounts) {
    const before = byName.get(account.name)
    const merge = (first: readonly Header[] = [], second: readonly Header[]): Header[] => [
      ...new Map([...first, ...second]),
    ]
    byName.set(account.name, {
      name: account.name,
      credentials: renewed(before?.credentials, account.credentials),
      ambient: merge(before?.ambient, account.ambient),
    })
  }
  return [...byName.values()]
}

/** A new login is for the origins where the old one of its name was recorded. */
function renewed(old: readonly Credential[] = [], given: readonly Credential[]): Credential[] {
  const isRenewed = ([name, , at]: Credential): boolean =>
    given.some(
      ([key, , own]) =>
        key === name && (own === undefined || at === undefined || own.some((origin) => at.includes(origin))),
    )
  const replaced = given.map(([name, value, own]): Credential => {
    const origins = own ?? originsOf(old.filter(([key]) => key === name))
    return origins === undefined ? [name, value] : [name, value, origins]
  })
  return [...old.filter((one) => !isRenewed(one)), ...replaced]
}

function originsOf(credentials: readonly Credential[]): string[] | undefined {
  const all = credentials.flatMap(([, , origins]) => origins ?? [])
  return all.length === 0 ? undefined : [...new Set(all)]
}
