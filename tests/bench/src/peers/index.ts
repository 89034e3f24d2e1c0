import type { Login } from "../data/prepare.ts"
import { drizzleTransaction } from "./drizzle.ts"
import { knexTransaction } from "./knex.ts"
import type { Peer } from "./peer.ts"
import { prismaExtension } from "./prisma.ts"
import { textbook } from "./textbook.ts"

const known = { textbook, drizzle: drizzleTransaction, prisma: prismaExtension, knex: knexTransaction }

export interface Peers {
  readonly peers: readonly Peer[]
  /** A peer that could not be set up is named with the reason; its ratio is left out, not guessed. */
  readonly notRun: Record<string, string>
  readonly close: () => Promise<void>
}

export async function startPeers(url: (login: Login) => string, login: Login): Promise<Peers> {
  const peers: Peer[] = []
  const notRun: Record<string, string> = {}
  for (const [name, start] of Object.entries(known)) {
    try {
      peers.push(await start(url, login))
    } catch (error) {
      notRun[name] = error instanceof Error ? (error.message.split("\n")[0] ?? "") : String(error)
    }
  }
  return { peers, notRun, close: async () => void (await Promise.all(peers.map((peer) => peer.close()))) }
}
