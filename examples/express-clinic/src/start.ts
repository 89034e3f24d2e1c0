import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import pg from "pg"
import type { Logger } from "pino"
import { createIssuer, createWardkeep, type Issuer, type Wardkeep } from "wardkeep"
import { recordViews } from "wardkeep/audit"
import { createApp } from "./app.js"
import { accounts } from "./login/accounts.js"
import { recordsOffice } from "./pages/office.js"
import policy from "./policy.js"

export interface StartOptions {
  /** The application's login: it can spend tokens and nothing else. */
  readonly appUrl: string
  /** The login that reads credentials and issues sessions. */
  readonly issuerUrl: string
  /** Signs requests for sessions; the database refuses the issuer's login without it. */
  readonly keyId: string
  readonly key: Buffer
  readonly port: number
  readonly log: Logger
  readonly clock?: () => number
  readonly secureCookies?: boolean
  /** The owner's way in, for answers to hand over and for destroying; see `recordsOffice` for what it costs. */
  readonly migratorUrl?: string
}

export interface Running {
  readonly origin: string
  readonly wk: Wardkeep
  readonly issuer: Issuer
  close(): Promise<void>
}

/** Two pools, the client, the issuer and the API over them. */
export async function startClinic(options: StartOptions): Promise<Running> {
  const { appUrl, issuerUrl, keyId, key, port, log, clock = Date.now, secureCookies = true } = options
  const issuerPool = new pg.Pool({ connectionString: issuerUrl, max: 4 })
  issuerPool.on("error", (error) => log.warn({ err: error }, "an idle connection of the issuer was lost"))
  const issuer = createIssuer({ pool: issuerPool, keyId, key })
  const wk = createWardkeep({
    pool: { connectionString: appUrl, max: 8 },
    policy,
    issuer,
    log,
    views: recordViews(policy),
  })
  // Refuses to start with a login that can go around row-level security.
  await wk.start()
  const office = options.migratorUrl === undefined ? {} : { office: recordsOffice(options.migratorUrl) }
  const parts = { wk, issuer, accounts: accounts(issuerPool), log, clock, secureCookies, ...office }
  const server = createServer(createApp(parts))
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject)
    server.listen(port, "127.0.0.1", resolve)
  })
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    wk,
    issuer,
    async close() {
      const closed = new Promise((resolve) => server.close(resolve))
      server.closeAllConnections()
      await closed
      await wk.close()
      await issuer.close()
      if (!issuerPool.ended) await issuerPool.end()
    },
  }
}
