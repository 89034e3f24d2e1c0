import pino from "pino"
import type { Person } from "../data/people.js"
import { makeWorld, type World } from "../data/world.js"
import { type Clinics, setUp } from "../database/setup.js"
import { Browser } from "../demo/browser.js"
import { currentCode } from "../login/second-factor.js"
import { type Running, startClinic } from "../start.js"

export interface TestClinic extends Running {
  readonly world: World
  readonly people: Clinics["people"]
  /** Lines the log would have written. */
  readonly logged: string[]
  /** Moves the application's clock; the database keeps its own. */
  advance(milliseconds: number): void
  now(): number
  /** Both factors; the clock moves on first, because a code works once. */
  signIn(person: Person): Promise<Browser>
}

interface Place {
  readonly adminUrl: string
  url(login: { user: string; password: string }): string
}

/** Roles belong to the whole cluster, so every test file of a run gives the logins the same passwords. */
const passwords = { app: "app-of-the-tests", issuer: "issuer-of-the-tests", migrator: "migrator-of-the-tests" }

/** A small clinic with its API listening, for tests over HTTP. */
export async function openClinic(place: Place): Promise<TestClinic> {
  const world = makeWorld({ patients: 400 })
  const { people, keyId, key } = await setUp({
    adminUrl: place.adminUrl,
    url: (login) => place.url(login),
    world,
    passwords,
  })
  let offset = 0
  const now = (): number => Date.now() + offset
  const logged: string[] = []
  const running = await startClinic({
    appUrl: place.url({ user: "wk_demo_app", password: passwords.app }),
    issuerUrl: place.url({ user: "wk_demo_issuer", password: passwords.issuer }),
    keyId,
    key,
    port: 0,
    log: pino({ level: "debug" }, { write: (text: string) => void logged.push(text) }),
    clock: now,
    secureCookies: false,
  })
  return {
    ...running,
    world,
    people,
    logged,
    now,
    advance(milliseconds) {
      offset += milliseconds
    },
    async signIn(person) {
      offset += 30_000
      const browser = new Browser(running.origin, `test of ${person.role}`)
      const { ticket } = await browser.must("POST", "/login", { email: person.email, password: person.password })
      await browser.must("POST", "/login/code", { ticket, code: currentCode(person.totpSecret, now()) })
      return browser
    },
  }
}
