import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import type { Logger } from "pino"
import type { Issuer, Wardkeep } from "wardkeep"
import { createApp } from "./app.js"
import { recordsOffice } from "./pages/office.js"
import { openParts, type PartsOptions } from "./parts.js"

export interface StartOptions extends PartsOptions {
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

/** The parts, and the API over them. */
export async function startClinic(options: StartOptions): Promise<Running> {
  const { port, log, clock = Date.now, secureCookies = true } = options
  const { close, ...opened } = openParts(options)
  // Refuses to start with a login that can go around row-level security.
  await opened.wk.start()
  const office = options.migratorUrl === undefined ? {} : { office: recordsOffice(options.migratorUrl) }
  const parts = { ...opened, log, clock, secureCookies, ...office }
  const server = createServer(createApp(parts))
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject)
    server.listen(port, "127.0.0.1", resolve)
  })
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    wk: opened.wk,
    issuer: opened.issuer,
    async close() {
      const closed = new Promise((resolve) => server.close(resolve))
      server.closeAllConnections()
      await closed
      await close()
    },
  }
}
