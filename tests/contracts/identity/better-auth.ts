import { randomBytes } from "node:crypto"
import { betterAuth } from "better-auth"
import { memoryAdapter } from "better-auth/adapters/memory"
import { createAuthMiddleware } from "better-auth/api"
import { twoFactor } from "better-auth/plugins"
import { Browser } from "./loopback.ts"

const origin = "http://127.0.0.1"

/** better-auth with its second factor, and a field of the session that says when it was given. */
const make = () =>
  betterAuth({
    baseURL: origin,
    secret: randomBytes(32).toString("hex"),
    telemetry: { enabled: false },
    database: memoryAdapter({ user: [], session: [], account: [], verification: [], twoFactor: [] }),
    emailAndPassword: { enabled: true },
    session: {
      cookieCache: { enabled: true, maxAge: 300 },
      additionalFields: { mfaAt: { type: "date", required: false, input: false } },
    },
    plugins: [twoFactor()],
    hooks: {
      // Only a session that this code made: a wrong code makes none.
      after: createAuthMiddleware(async (context) => {
        const made = context.context.newSession
        if (context.path === "/two-factor/verify-totp" && made !== null && made !== undefined)
          await context.context.internalAdapter.updateSession(made.session.token, { mfaAt: new Date() })
      }),
    },
  })

type Auth = ReturnType<typeof make>

export interface SignedIn {
  readonly auth: Auth
  readonly userId: string
  readonly withPassword: Browser
  /** The same person, from another browser, after the code of an authenticator. */
  readonly withCode: Browser
}

/** Signs up, turns the second factor on, and signs in with it. */
export async function betterAuthSignedIn(): Promise<SignedIn> {
  const auth = make()
  const password = randomBytes(12).toString("hex")
  const email = "asha@clinic.example"
  const send = async <Answer>(browser: Browser, path: string, body: object): Promise<Answer> => {
    const headers = browser.headers
    headers.set("content-type", "application/json")
    headers.set("origin", origin)
    const request = new Request(`${origin}/api/auth${path}`, { method: "POST", headers, body: JSON.stringify(body) })
    const answer = browser.keep(await auth.handler(request))
    if (!answer.ok) throw new Error(`${path} answered ${answer.status}: ${await answer.text()}`)
    return (await answer.json()) as Answer
  }
  const [withPassword, withCode] = [new Browser(), new Browser()]
  const { user } = await send<{ user: { id: string } }>(withPassword, "/sign-up/email", {
    email,
    password,
    name: "Asha",
  })
  const { totpURI } = await send<{ totpURI: string }>(withPassword, "/two-factor/enable", { password })
  const secret = fromBase32(new URL(totpURI).searchParams.get("secret") ?? "")
  const code = async () => (await auth.api.generateTOTP({ body: { secret } })).code
  await send(withPassword, "/two-factor/verify-totp", { code: await code() })
  await send(withCode, "/sign-in/email", { email, password })
  await send(withCode, "/two-factor/verify-totp", { code: await code() })
  return { auth, userId: user.id, withPassword, withCode }
}

/** RFC 4648, section 6. */
function fromBase32(text: string): string {
  const bits = [...text.replace(/=+$/, "")].map((letter) =>
    "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".indexOf(letter).toString(2).padStart(5, "0"),
  )
  return Buffer.from((bits.join("").match(/.{8}/g) ?? []).map((byte) => Number.parseInt(byte, 2))).toString()
}
