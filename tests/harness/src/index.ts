export { attachCluster, type Cluster, type ClusterOptions, type OwnCluster, startCluster } from "./cluster.ts"
export type { DatabaseOptions, TestDatabase } from "./database.ts"
export type { DelayAccuracy } from "./delay-accuracy.ts"
export { type DelayProxy, type DelayProxyOptions, delayProxy, describeAccuracy } from "./delay-proxy.ts"
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
