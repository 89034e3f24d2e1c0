import { randomBytes } from "node:crypto"
import type { Browser } from "./loopback.ts"

interface Token {
  readonly sub?: string
  readonly mfaAt?: unknown
}
interface Callbacks {
  jwt(given: { readonly token: Token; readonly user?: object }): Token | null
  session(given: { readonly session: AuthJsFound; readonly token: Token }): object
}
interface Config {
  readonly callbacks: Callbacks
  readonly [option: string]: unknown
}
type Auth = (request: Request, config: Config) => Promise<Response>
type Provider = (options: {
  readonly credentials: object
  authorize(given: { readonly id?: unknown; readonly code?: unknown }): object
}) => unknown

// By name: types of Auth.js bring those of a browser with them, and would change `Headers` for every file here.
const load = async <T>(name: string): Promise<T> => (await import(/* @vite-ignore */ name)) as T
const { Auth } = await load<{ Auth: Auth }>("@auth/core")
const { default: Credentials } = await load<{ default: Provider }>("@auth/core/providers/credentials")

const origin = "http://127.0.0.1"

export interface AuthJsFound {
  readonly user?: { readonly id?: string }
  readonly expires: string
  readonly mfaAt?: number
}

/** Auth.js with a password and a code: its own flow, and what it says of a browser. */
export class AuthJs {
  readonly revoked = new Set<string>()
  readonly #config: Config

  /** `named`: whether the `session` callback puts the person's id into the session. */
  constructor(named: boolean) {
    this.#config = {
      secret: randomBytes(32).toString("hex"),
      trustHost: true,
      basePath: "/auth",
      session: { strategy: "jwt", maxAge: 3600 },
      providers: [
        Credentials({
          credentials: { id: {}, code: {} },
          // The second factor is checked where the password is; when it was is kept in Auth.js's own token.
          authorize: ({ id, code }) => ({ id: String(id), ...(code === "right" && { mfaAt: Date.now() }) }),
        }),
      ],
      callbacks: {
        jwt: ({ token, user }) => {
          if (this.revoked.has(token.sub ?? "")) return null
          return user === undefined ? token : { ...token, ...("mfaAt" in user && { mfaAt: user.mfaAt }) }
        },
        session: ({ session, token }) => ({
          ...session,
          user: { ...session.user, ...(named && token.sub !== undefined && { id: token.sub }) },
          ...(typeof token.mfaAt === "number" && { mfaAt: token.mfaAt }),
        }),
      },
    }
  }

  async signIn(browser: Browser, id: string, code: string): Promise<void> {
    const { csrfToken } = (await (await this.#ask(browser, "/csrf")).json()) as { csrfToken: string }
    const answer = await this.#ask(browser, "/callback/credentials", new URLSearchParams({ csrfToken, id, code }))
    if (answer.headers.get("location")?.includes("error") !== false) throw new Error("Auth.js did not sign in")
  }

  async session(browser: Browser): Promise<AuthJsFound | null> {
    return (await (await this.#ask(browser, "/session")).json()) as AuthJsFound | null
  }

  async #ask(browser: Browser, path: string, body?: URLSearchParams): Promise<Response> {
    const request = new Request(`${origin}/auth${path}`, {
      headers: browser.headers,
      ...(body !== undefined && { method: "POST", body }),
    })
    return browser.keep(await Auth(request, this.#config))
  }
}
