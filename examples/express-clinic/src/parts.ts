import pg from "pg"
import type { Logger } from "pino"
import { type ContextStore, createIssuer, createWardkeep, type Issuer, type Wardkeep } from "wardkeep"
import { recordViews } from "wardkeep/audit"
import { type Accounts, accounts } from "./login/accounts.js"
import policy from "./policy.js"

export interface PartsOptions {
  /** The application's login: it can spend tokens and nothing else. */
  readonly appUrl: string
  /** The login that reads credentials and issues sessions. */
  readonly issuerUrl: string
  /** Signs requests for sessions; the database refuses the issuer's login without it. */
  readonly keyId: string
  readonly key: Buffer
  readonly log?: Logger
  /** Of a framework that needs its own; Next does. */
  readonly contextStore?: ContextStore
}

export interface Parts {
  readonly wk: Wardkeep
  readonly issuer: Issuer
  readonly accounts: Accounts
  close(): Promise<void>
}

/** Two pools, the client and the issuer: what every front end of this clinic stands on. Nothing connects before it is used. */
export function openParts({ appUrl, issuerUrl, keyId, key, log, contextStore }: PartsOptions): Parts {
  const issuerPool = new pg.Pool({ connectionString: issuerUrl, max: 4 })
  issuerPool.on("error", (error) => log?.warn({ err: error }, "an idle connection of the issuer was lost"))
  const issuer = createIssuer({ pool: issuerPool, keyId, key })
  const wk = createWardkeep({
    pool: { connectionString: appUrl, max: 8 },
    policy,
    issuer,
    views: recordViews(policy),
    ...(log !== undefined && { log }),
    ...(contextStore !== undefined && { contextStore }),
  })
  return {
    wk,
    issuer,
    accounts: accounts(issuerPool),
    async close() {
      await wk.close()
      await issuer.close()
      if (!issuerPool.ended) await issuerPool.end()
    },
  }
}
