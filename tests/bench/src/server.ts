import { postgres15Binaries } from "../../harness/src/binaries.ts"
import { type EmbeddedServer, startEmbedded } from "../../harness/src/embedded.ts"

/** A private server for reading: durability is off, everything else as a small clinic's server would have it. */
export const serverSettings = {
  shared_buffers: "2GB",
  max_wal_size: "8GB",
  wal_level: "minimal",
  max_wal_senders: 0,
  random_page_cost: 1.1,
  work_mem: "32MB",
  jit: false,
  autovacuum: false,
} as const

export async function startServer(major: 15 | 18): Promise<EmbeddedServer> {
  const binaries = major === 15 ? postgres15Binaries() : undefined
  if (major === 15 && binaries === undefined) throw new Error("PostgreSQL 15 is not installed; set WARDKEEP_PG15_BIN")
  return await startEmbedded({ fsync: false, settings: serverSettings, ...(binaries !== undefined && { binaries }) })
}
