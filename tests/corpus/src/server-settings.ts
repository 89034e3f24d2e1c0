/** Many small databases that live for a second: what PostgreSQL does for the long run is off. */
export const serverSettings = {
  autovacuum: false,
  max_wal_size: "4GB",
  checkpoint_timeout: "1h",
  jit: false,
} as const
