import { createServer, type Server } from "node:http"
import type { AddressInfo } from "node:net"
import pg from "pg"
import pino from "pino"
import { createIssuer, createWardkeep, type Issuer, type Session, type SessionGrant, type Wardkeep } from "wardkeep"
import { createApp } from "../app.js"
import type { Branch } from "../data/clinics.js"
import type { Part, People } from "../data/people.js"
import { makeWorld, type World } from "../data/world.js"
import { type Clinics, setUp } from "../database/setup.js"
import { accounts } from "../login/accounts.js"
import { actorOf } from "../login/sign-in.js"
import policy from "../policy.js"
import { makeOracle, type Oracle } from "./oracle.js"
import type { DemoServer } from "./server.js"
import { type Target, targetIn } from "./target.js"

/** Everything that is up during the demo. */
export interface Stage {
  readonly server: DemoServer
  readonly origin: string
  readonly appUrl: string
  readonly issuerUrl: string
  readonly migratorUrl: string
  readonly wk: Wardkeep
  readonly issuer: Issuer
  readonly world: World
  readonly people: People
  readonly notes: Clinics["notes"]
  readonly oracle: Oracle
  /** Around the fence: arranges, and checks what really happened. Never used by what is under test. */
  readonly superuser: pg.Client
  /** Where the attackers work, the branch next door of the same clinic, and a branch of another clinic. */
  readonly home: Target
  readonly nextDoor: Target
  readonly elsewhere: Target
  /** A session as the login would give it, without the two factors: the attackers below the API start here. */
  sessionOf(part: Part): Promise<Session>
  close(): Promise<void>
}

interface StageOptions {
  readonly server: DemoServer
  readonly port: number
  readonly patients: number
  readonly progress: (what: string) => void
}

export async function openStage({ server, port, patients, progress }: StageOptions): Promise<Stage> {
  const world = makeWorld({ patients })
  const { people, passwords, keyId, key, notes } = await setUp({
    adminUrl: server.adminUrl,
    url: server.url,
    world,
    progress,
  })
  const appUrl = server.url({ user: "wk_demo_app", password: passwords.app })
  const issuerUrl = server.url({ user: "wk_demo_issuer", password: passwords.issuer })
  const migratorUrl = server.url({ user: "wk_demo_migrator", password: passwords.migrator })
  const issuerPool = new pg.Pool({ connectionString: issuerUrl, max: 2 })
  const issuer = createIssuer({ pool: issuerPool, keyId, key })
  const log = pino({ level: process.env.LOG_LEVEL ?? "silent" })
  const wk = createWardkeep({ pool: { connectionString: appUrl, max: 8 }, policy, issuer, log })
  await wk.start()
  const http = await listening(
    createServer(createApp({ wk, issuer, accounts: accounts(issuerPool), log, secureCookies: false })),
    port,
  )
  const superuser = new pg.Client({ connectionString: server.superuserUrl })
  await superuser.connect()
  const place = (part: Part, index = 0): Branch => {
    const branch = people[part].branches[index]
    if (branch === undefined) throw new Error(`${part} has no branch ${index}`)
    return branch
  }
  return {
    server,
    origin: `http://127.0.0.1:${(http.address() as AddressInfo).port}`,
    appUrl,
    issuerUrl,
    migratorUrl,
    wk,
    issuer,
    world,
    people,
    notes,
    oracle: makeOracle(world),
    superuser,
    home: targetIn(world, place("doctor")),
    nextDoor: targetIn(world, place("doctorNextDoor")),
    elsewhere: targetIn(world, place("doctorElsewhere")),
    sessionOf(part) {
      const { id, clinic, branches, role } = people[part]
      const assignments = [{ tenant: clinic.id, branches: branches.map((branch) => branch.id), role }]
      return issuer.issueSession({ actor: actorOf(id), assignments, mfaAt: new Date(), ttl: 3600 })
    },
    async close() {
      http.closeAllConnections()
      await new Promise((resolve) => http.close(resolve))
      await wk.close()
      await issuer.close()
      await issuerPool.end()
      await superuser.end()
    },
  }
}

function listening(server: Server, port: number): Promise<Server> {
  return new Promise((resolve, reject) => {
    server.once("error", reject)
    server.listen(port, "127.0.0.1", () => resolve(server))
  })
}

/** The one grant of a session with one role. */
export function onlyGrant(session: Session): SessionGrant {
  const [grant] = session.grants
  if (grant === undefined) throw new Error("the session has no grant")
  return grant
}
