import pg from "pg"
import pino from "pino"
import type { Issuer, Session, SessionGrant, Wardkeep } from "wardkeep"
import type { Branch } from "../data/clinics.js"
import type { Part, People } from "../data/people.js"
import { makeWorld, type World } from "../data/world.js"
import { type Clinics, setUp } from "../database/setup.js"
import { actorOf } from "../login/actor.js"
import { startClinic } from "../start.js"
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
  /** Of the vendor, who reads figures over clinics. */
  readonly vendorUrl: string
  readonly wk: Wardkeep
  readonly issuer: Issuer
  readonly world: World
  readonly people: People
  readonly notes: Clinics["notes"]
  readonly oracle: Oracle
  /** Around the fence: arranges, and checks what really happened. Never used by what is under test. */
  readonly superuser: pg.Client
  /** The application's clock; only a demo or a test sets it back. */
  readonly clock: { behind: number; now(): number }
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
  const vendorUrl = server.url({ user: "wk_demo_vendor", password: passwords.vendor })
  const log = pino({ level: process.env.LOG_LEVEL ?? "silent" })
  const clock = { behind: 0, now: () => Date.now() - clock.behind }
  const options = { appUrl, issuerUrl, keyId, key, port, log, clock: clock.now, secureCookies: false }
  const running = await startClinic(options)
  const { origin, wk, issuer } = running
  const superuser = new pg.Client({ connectionString: server.superuserUrl })
  superuser.on("error", () => undefined)
  await superuser.connect()
  const place = (part: Part, index = 0): Branch => {
    const branch = people[part].branches[index]
    if (branch === undefined) throw new Error(`${part} has no branch ${index}`)
    return branch
  }
  return {
    server,
    origin,
    appUrl,
    issuerUrl,
    migratorUrl,
    vendorUrl,
    wk,
    issuer,
    world,
    people,
    notes,
    oracle: makeOracle(world),
    superuser,
    clock,
    home: targetIn(world, place("doctor")),
    nextDoor: targetIn(world, place("doctorNextDoor")),
    elsewhere: targetIn(world, place("doctorElsewhere")),
    sessionOf(part) {
      return issuer.issueSession({ actor: actorOf(people[part].id), mfaAt: new Date(), ttl: 3600 })
    },
    async close() {
      await running.close()
      await superuser.end()
    },
  }
}

/** The one grant of a session with one role. */
export function onlyGrant(session: Session): SessionGrant {
  const [grant] = session.grants
  if (grant === undefined) throw new Error("the session has no grant")
  return grant
}
