import { afterAll, beforeAll, inject } from "vitest"
import { attachCluster, type Cluster, type OwnCluster, startCluster } from "./cluster.ts"
import type { TestDatabase } from "./database.ts"
import { leftoverSessions, untilNone } from "./leftovers.ts"
import type { Leg } from "./leg.ts"
import type { Login } from "./login.ts"
import { type PgBouncer, type PgBouncerOptions, startPgBouncer } from "./pgbouncer.ts"
import { urlFor } from "./sql.ts"

export interface UseDatabaseOptions {
  /** Built once per run, cloned for this file. */
  readonly template?: { readonly name: string; readonly build: (adminUrl: string) => Promise<void> }
  /** Who owns the database and installs the product in it. Default: what the leg says. */
  readonly owner?: "superuser" | "limited-admin"
  /** A pooler in front of the database. Default: only on the leg `pgbouncer`. */
  readonly pooler?: Pick<PgBouncerOptions, "poolSize" | "maxPreparedStatements" | "settings">
}

/** Filled before the first test of the file; reading it earlier throws. */
export interface UsedDatabase {
  readonly cluster: Cluster
  readonly leg: Leg
  readonly serverVersionNum: number
  readonly databaseName: string
  /** The superuser: for arranging and asserting, never for what is under test. */
  readonly adminUrl: string
  /** The database's owner, who installs the product: the limited admin on that leg. */
  readonly ownerUrl: string
  readonly pooler: PgBouncer | undefined
  /** Straight to the server. */
  url(login: { user: string; password: string }): string
  /** Through the pooler where there is one: the way an application connects. */
  appUrl(login: { user: string; password: string }): string
}

interface Opened {
  readonly cluster: Cluster
  readonly own: OwnCluster | undefined
  readonly database: TestDatabase
  readonly owner: Login | undefined
  readonly pooler: PgBouncer | undefined
}

/** A database of this test file's own, dropped after it. Sessions left open fail the file. */
export function useDatabase(options: UseDatabaseOptions = {}): UsedDatabase {
  let opened: Opened | undefined
  const now = (): Opened => {
    if (opened === undefined) throw new Error("the database exists inside tests and hooks only")
    return opened
  }
  beforeAll(async () => {
    opened = await open(options)
  })
  afterAll(async () => {
    if (opened !== undefined) await close(opened)
    opened = undefined
  })
  return {
    get cluster() {
      return now().cluster
    },
    get leg() {
      return now().cluster.leg
    },
    get serverVersionNum() {
      return now().cluster.serverVersionNum
    },
    get databaseName() {
      return now().database.name
    },
    get adminUrl() {
      return now().database.adminUrl
    },
    get ownerUrl() {
      const { owner, database } = now()
      return owner === undefined ? database.adminUrl : database.url(owner)
    },
    get pooler() {
      return now().pooler
    },
    url: (login) => now().database.url(login),
    appUrl: (login) => {
      const { pooler, database } = now()
      return pooler === undefined ? database.url(login) : urlFor(pooler.url, database.name, login)
    },
  }
}

async function open(options: UseDatabaseOptions): Promise<Opened> {
  const data = inject("wardkeepCluster")
  // A run without the global setup (an editor, a config of one's own) still works, a second slower.
  const own = data === undefined ? await startCluster() : undefined
  const cluster = own ?? attachCluster(data)
  const kind = options.owner ?? (cluster.leg === "limited-admin" ? "limited-admin" : "superuser")
  const owner = kind === "limited-admin" ? await cluster.limitedAdmin() : undefined
  const { template } = options
  const name = template && (await cluster.template(template.name, template.build))
  const database = await cluster.database(undefined, {
    ...(name !== undefined && { template: name }),
    ...(owner !== undefined && { owner: owner.user }),
  })
  const pooled = options.pooler !== undefined || cluster.leg === "pgbouncer"
  const pooler = pooled ? await startPgBouncer(cluster, options.pooler) : undefined
  return { cluster, own, database, owner, pooler }
}

async function close({ cluster, own, database, pooler }: Opened): Promise<void> {
  try {
    const pooled = pooler && (await untilNone(() => pooler.clients(database.name)))
    await pooler?.stop()
    const direct = await leftoverSessions(cluster.admin, database.name)
    const left = [...(pooled ?? []), ...direct]
    if (left.length > 0) {
      throw new Error(`sessions were not released: ${JSON.stringify(left, undefined, 2)}`)
    }
  } finally {
    await database.drop()
    await own?.stop()
  }
}
