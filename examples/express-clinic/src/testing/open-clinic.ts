import pino from "pino"
import type { People, Person } from "../data/people.js"
import type { World } from "../data/world.js"
import { setUp } from "../database/setup.js"
import { Browser } from "../demo/browser.js"
import { currentCode } from "../login/second-factor.js"
import { type Running, startClinic } from "../start.js"
import { secrets, world } from "./secrets.js"

export interface TestClinic extends Running {
  readonly world: World
  readonly people: People
  readonly migratorUrl: string
  /** Lines the log would have written. */
  readonly logged: string[]
  /** Moves the application's clock; the database keeps its own. */
  advance(milliseconds: number): void
  now(): number
  /** Both factors; the clock moves on first, because a code works once. */
  signIn(person: Person): Promise<Browser>
}

type Login = { readonly user: string; readonly password: string }

/** For `useDatabase`: the clinic is installed, migrated and loaded once per run. */
export const clinicTemplate = {
  name: "express_clinic",
  async build(adminUrl: string): Promise<void> {
    const url = (login: Login): string =>
      Object.assign(new URL(adminUrl), { username: login.user, password: login.password }).href
    await setUp({ adminUrl, url, world, secrets })
  },
}

/** A small clinic with its API listening, for tests over HTTP. */
export async function openClinic(place: { url(login: Login): string }): Promise<TestClinic> {
  const { people, passwords, keyId, key } = secrets
  // The past: the database refuses a second factor given in the future, and tests move this clock forwards.
  let offset = -8 * 3_600_000
  const now = (): number => Date.now() + offset
  const logged: string[] = []
  const migratorUrl = place.url({ user: "wk_demo_migrator", password: passwords.migrator })
  const running = await startClinic({
    appUrl: place.url({ user: "wk_demo_app", password: passwords.app }),
    issuerUrl: place.url({ user: "wk_demo_issuer", password: passwords.issuer }),
    keyId,
    key,
    port: 0,
    log: pino({ level: "debug" }, { write: (text: string) => void logged.push(text) }),
    clock: now,
    secureCookies: false,
    migratorUrl,
  })
  return {
    ...running,
    world,
    people,
    migratorUrl,
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
