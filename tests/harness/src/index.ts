export { type Cluster, type ClusterOptions, type OwnCluster, attachCluster, startCluster } from "./cluster.ts"
export type { DatabaseOptions, TestDatabase } from "./database.ts"
export { type EmbeddedServer, type ServerOptions, startEmbedded } from "./embedded.ts"
export { type Leftover, leftoverSessions } from "./leftovers.ts"
export { type Leg, legFromEnvironment, legs } from "./leg.ts"
export type { Login, LoginOptions } from "./login.ts"
export {
  findPgBouncer,
  type PgBouncer,
  type PgBouncerOptions,
  type PooledClient,
  startPgBouncer,
} from "./pgbouncer.ts"
export type { ClusterData } from "./source.ts"
export { type Credentials, retrying, urlFor, withClient } from "./sql.ts"
