import { randomBytes } from "node:crypto"
import { serverBinaries } from "./binaries.ts"
import { startContainer } from "./container.ts"
import { type ServerOptions, startEmbedded } from "./embedded.ts"
import { type Leg, majorOf, namedMajor } from "./leg.ts"
import { withClient } from "./sql.ts"

/** Everything another process needs to use the cluster; plain data. */
export interface ClusterData {
  readonly leg: Leg
  readonly source: "url" | "embedded" | "container"
  /** Superuser (or, on a server of the user's, whoever the URL names), database `postgres`. */
  readonly admin: string
  readonly serverVersionNum: number
  /** Databases and roles that the harness names itself begin with this. */
  readonly prefix: string
}

export interface Server {
  readonly data: ClusterData
  stop(): Promise<void>
}

/** A server of the user's, else the embedded one, else a container. */
export async function openServer(leg: Leg, options: ServerOptions): Promise<Server> {
  // A leg that is named after a version, or installs as somebody else, needs a server of its own.
  const given = leg === "embedded18" ? process.env.WARDKEEP_DATABASE_URL : undefined
  const wanted = majorOf(leg)
  if (given !== undefined) return described(leg, "url", given, async () => undefined)
  const binaries = options.binaries ?? serverBinaries(wanted)
  if (binaries !== undefined) {
    const server = await startEmbedded({ ...options, binaries })
    return described(leg, "embedded", server.url, server.stop)
  }
  const container = await startContainer(wanted, options)
  return described(leg, "container", container.url, container.stop)
}

async function described(
  leg: Leg,
  source: ClusterData["source"],
  admin: string,
  stop: () => Promise<void>,
): Promise<Server> {
  try {
    const serverVersionNum = await withClient(admin, async (client) => {
      const { rows } = await client.query<{ num: number }>("select current_setting('server_version_num')::int as num")
      return rows[0]?.num ?? 0
    })
    const named = namedMajor(leg)
    if (named !== undefined && Math.trunc(serverVersionNum / 10_000) !== named) {
      throw new Error(`leg ${leg} needs PostgreSQL ${named}, the server is ${serverVersionNum}`)
    }
    const prefix = `wk_${randomBytes(4).toString("hex")}_`
    return { data: { leg, source, admin, serverVersionNum, prefix }, stop }
  } catch (error) {
    await stop()
    throw error
  }
}
