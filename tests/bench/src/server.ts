import { totalmem } from "node:os"
import { serverBinaries } from "../../harness/src/binaries.ts"
import { type EmbeddedServer, startEmbedded } from "../../harness/src/embedded.ts"

const third = Math.floor(totalmem() / 3 / 2 ** 30)

/** A private server for reading: durability is off, and the cache holds both databases (4.2 GB) where memory allows. */
export const serverSettings = {
  shared_buffers: `${Math.min(6, Math.max(1, third))}GB`,
  max_wal_size: "8GB",
  wal_level: "minimal",
  max_wal_senders: 0,
  random_page_cost: 1.1,
  work_mem: "32MB",
  jit: false,
  autovacuum: false,
} as const

/** A server that keeps what it is told: an audit log on one that does not would cost less than it does. */
export const durableSettings = { ...serverSettings, wal_level: "replica", shared_buffers: "2GB" } as const

export const serverSettingsOf = ({
  durable,
}: {
  readonly durable: boolean
}): Readonly<Record<string, string | number | boolean>> => (durable ? durableSettings : serverSettings)

export async function startServer(major: 15 | 18, { durable = false } = {}): Promise<EmbeddedServer> {
  const binaries = serverBinaries(major)
  if (major === 15 && binaries === undefined) throw new Error("PostgreSQL 15 is not installed; set WARDKEEP_PG15_BIN")
  const settings = serverSettingsOf({ durable })
  return await startEmbedded({ fsync: durable, settings, ...(binaries !== undefined && { binaries }) })
}
