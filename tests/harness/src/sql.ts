import { setTimeout as sleep } from "node:timers/promises"
import { Client, escapeIdentifier, escapeLiteral } from "pg"

export const ident = escapeIdentifier
export const literal = escapeLiteral

export interface Credentials {
  readonly user: string
  readonly password: string
}

/** The same server and options as `url`, another database or login. */
export function urlFor(url: string, database: string, login?: Credentials): string {
  const result = new URL(url)
  result.pathname = `/${encodeURIComponent(database)}`
  if (login !== undefined) {
    result.username = encodeURIComponent(login.user)
    result.password = encodeURIComponent(login.password)
  }
  return result.href
}

/** One connection for `work`, closed whatever happens. */
export async function withClient<T>(url: string, work: (client: Client) => Promise<T>): Promise<T> {
  const client = new Client({ connectionString: url, application_name: "wardkeep-harness" })
  // A server that is stopped under us reports it here as well as in the query; unheard, it ends the process.
  client.on("error", () => undefined)
  await client.connect()
  try {
    return await work(client)
  } finally {
    await client.end()
  }
}

/**
 * XX000: "tuple concurrently updated", role changes made by several databases at once; advisory locks
 * are per database and do not help. 55006: the template still has a session that is ending.
 */
const transient = new Set(["XX000", "55006", "40001", "40P01"])

export async function retrying<T>(work: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await work()
    } catch (error) {
      const code = (error as { code?: string }).code ?? ""
      if (attempt === 40 || !transient.has(code)) throw error
      await sleep(10 + Math.random() * 40)
    }
  }
}
