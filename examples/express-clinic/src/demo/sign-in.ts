import type { Person } from "../data/people.js"
import { currentCode } from "../login/second-factor.js"
import { Browser } from "./browser.js"

/** Both factors over HTTP, as a browser would. */
export async function signIn(origin: string, person: Person, now = Date.now()): Promise<Browser> {
  const browser = new Browser(origin, `${person.role} of ${person.branches.map(({ name }) => name).join(" and ")}`)
  const { ticket } = await browser.must("POST", "/login", { email: person.email, password: person.password })
  await browser.must("POST", "/login/code", { ticket, code: currentCode(person.totpSecret, now) })
  return browser
}
