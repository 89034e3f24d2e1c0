import type { Request, Response } from "express"
import { type Issuer, takenFromRole, type Wardkeep } from "wardkeep"
import { z } from "zod"
import { ClinicError, signedOut } from "../http/clinic-error.js"
import { cookieName } from "../http/cookie.js"
import { menuOf } from "../http/permission.js"
import { type Route, route } from "../http/route.js"
import type { SignIn } from "../login/sign-in.js"
import type { LoginStore, Opened, OpenLogin } from "../login/store.js"

export interface LoginParts {
  readonly wk: Wardkeep
  readonly signIn: SignIn
  readonly issuer: Issuer
  readonly logins: LoginStore
  readonly secureCookies: boolean
  readonly clock: () => number
}

export const me = z.object({
  email: z.string(),
  grants: z.array(
    z.object({ role: z.string(), purpose: z.string(), branches: z.array(z.string()), until: z.string() }),
  ),
  branch: z.string().nullable(),
})

const menu = z.object({ could: z.record(z.string(), z.record(z.string(), z.boolean())) })

export function meRoutes({ wk, issuer, logins, signIn, secureCookies }: LoginParts): Route[] {
  return [
    route({
      method: "get",
      path: "/me",
      summary: "Who is signed in, as what and where",
      reply: me,
      async handle({ login }) {
        // Asked of the database: a session that was ended elsewhere is over here too.
        await wk.query("select wardkeep.actor()")
        return describe(signedIn(login))
      },
    }),
    route({
      method: "post",
      path: "/branch",
      summary: "Narrows this browser to one of your branches, or back to all",
      body: z.object({ branch: z.uuid().nullable() }),
      reply: me,
      async handle({ body, login }) {
        const own = signedIn(login)
        const held = own.session.grants.some(({ branches }) => body.branch === null || branches.includes(body.branch))
        if (!held) throw new ClinicError(403, "branch_not_yours", "That branch is not one of yours.")
        own.branch = body.branch ?? undefined
        return describe(own)
      },
    }),
    route({
      method: "get",
      path: "/me/menu",
      summary: "What your role could do with some row, for menus and buttons; If-None-Match saves asking again",
      reply: menu,
      async handle({ login, request, response }) {
        const { could, etag } = menuOf(signedIn(login), await takenFromRole(wk))
        response.set({ etag, "cache-control": "private, no-cache", vary: "cookie" })
        if (request.get("if-none-match") === etag) response.status(304)
        return { could }
      },
    }),
    route({
      method: "post",
      path: "/me/second-factor",
      summary: "A new one-time code, where an answer said second_factor: another cookie, the same end",
      body: z.strictObject({ code: z.string().regex(/^\d{6}$/) }),
      reply: me,
      async handle({ body, login, request, response }) {
        const old = signedIn(login)
        const opened = await signIn.again(old, body.code, labelOf(request))
        setCookie(response, logins.add(opened, old.branch), secureCookies)
        logins.forget(old.session.id)
        await issuer.endSession(old.session.id, "second factor given again")
        return describe({ ...opened, branch: old.branch })
      },
    }),
  ]
}

export const labelOf = (request: Request): string => (request.get("user-agent") ?? "unknown").slice(0, 80)

export function setCookie(response: Response, value: string, secure: boolean): void {
  response.cookie(cookieName, value, { httpOnly: true, sameSite: "strict", secure, path: "/" })
}

export function signedIn(login: OpenLogin | undefined): OpenLogin {
  if (login === undefined) throw signedOut()
  return login
}

export function describe({ session, email, branch }: Opened & Pick<OpenLogin, "branch">): z.output<typeof me> {
  const grants = session.grants.map(({ role, purpose, branches, validUntil }) => ({
    role,
    purpose,
    branches: [...branches],
    until: validUntil,
  }))
  return { email, grants, branch: branch ?? null }
}
