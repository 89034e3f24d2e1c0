import pg from "pg"

/** Gives work the migrator's connection, one piece of work at a time. */
export type Owner = <T>(work: (client: pg.Client) => Promise<T>) => Promise<T>

/** One connection, opened with the first piece of work: roles and transactions of two must not mix on it. */
export function ownerConnection(migrator: string | pg.ClientConfig): { owner: Owner; close(): Promise<void> } {
  let connected: Promise<pg.Client> | undefined
  let last: Promise<unknown> = Promise.resolve()
  const connect = async (): Promise<pg.Client> => {
    const client = new pg.Client(migrator)
    // A connection that the server ends must not end the test runner; the next statement says it.
    client.on("error", () => undefined)
    await client.connect()
    return client
  }
  const owner: Owner = (work) => {
    const turn = last.then(async () => {
      connected ??= connect()
      return await work(await connected)
    })
    last = turn.catch(() => undefined)
    return turn
  }
  return {
    owner,
    close: async () => {
      await last
      await (await connected)?.end()
    },
  }
}
