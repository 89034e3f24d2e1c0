import type { Connection } from "./wire/connection.js"

/** How long a session is used. */
export interface Wear {
  /** Milliseconds; 0: for ever. */
  readonly maxLifetime: number
  readonly maxUses: number
}

export function worn(connection: Connection, { maxLifetime, maxUses }: Wear): boolean {
  return connection.uses >= maxUses || (maxLifetime > 0 && performance.now() - connection.openedAt > maxLifetime)
}
