import type { Policy } from "@wardkeep/core"
import { createWardkeep } from "@wardkeep/postgres"
import { recordViews } from "wardkeep/audit"
import type { Session } from "./data/prepare.ts"

/** What is measured: the client that users install, through the calls they write. */
export interface Client {
  run<T>(session: Session, work: () => Promise<T>): Promise<T>
  query(text: string, values: readonly unknown[]): Promise<Rows>
  tx<T>(work: (tx: { query(text: string, values: readonly unknown[]): Promise<Rows> }) => Promise<T>): Promise<T>
  close(): Promise<unknown>
}

interface Rows {
  readonly rows: readonly object[]
}

export async function openClient(
  policy: Policy,
  url: string,
  {
    connections,
    shared,
    views = false,
    maxTransaction,
  }: {
    readonly connections: number
    readonly shared?: number
    readonly views?: boolean
    readonly maxTransaction?: number
  },
): Promise<Client> {
  const wk = createWardkeep({
    pool: { connectionString: url, max: connections, idleTimeoutMillis: 0 },
    policy,
    ...(views && { views: recordViews(policy) }),
    ...(maxTransaction !== undefined && { maxTransaction }),
    ...(shared !== undefined && { shared: { connections: shared } }),
  })
  await wk.start()
  return {
    run: (session, work) => wk.run(session, work),
    query: (text, values) => wk.query(text, [...values]),
    tx: (work) => wk.tx((tx) => work({ query: (text, values) => tx.query(text, [...values]) })),
    close: () => wk.close(),
  }
}
