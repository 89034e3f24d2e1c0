import type { Issuer, Wardkeep } from "wardkeep"
import { z } from "zod"
import { ClinicError, notFound, signedOut } from "../http/clinic-error.js"
import { cookieName } from "../http/cookie.js"
import { byId, done, type Route, route } from "../http/route.js"
import type { SignIn } from "../login/sign-in.js"
import type { LoginStore, OpenLogin } from "../login/store.js"

export interface LoginParts {
  readonly wk: Wardkeep
  readonly signIn: SignIn
  readonly issuer: Issuer
  readonly logins: LoginStore
  readonly secureCookies: boolean
}

const me = z.object({
  email: z.string(),
  grants: z.array(
    z.object({ role: z.string(), purpose: z.string(), branches: z.array(z.string()), until: z.string() }),
  ),
  branch: z.string().nullable(),
})
const openSession = z.object({
  id: z.string(),
  label: z.string().nullable(),
  createdAt: z.string(),
  current: z.boolean(),
})

export function loginRoutes(parts: LoginParts): Route[] {
  return [...entryRoutes(parts), ...sessionRoutes(parts)]
}

function entryRoutes({ signIn, logins, secureCookies }: LoginParts): Route[] {
  return [
    route({
      method: "post",
      path: "/login",
      summary: "First factor: email and password give a ticket for the second",
      access: "public",
      body: z.object({ email: z.email().max(200), password: z.string().min(1).max(200) }),
      reply: z.object({ next: z.literal("code"), ticket: z.string() }),
      async handle({ body, request }) {
        const { ticket } = await signIn.password(body.email, body.password, request.ip ?? "")
        return { next: "code", ticket }
      },
    }),
    route({
      method: "post",
      path: "/login/code",
      summary: "Second factor: ticket and one-time code open the session",
      access: "public",
      body: z.object({ ticket: z.string().max(100), code: z.string().regex(/^\d{6}$/) }),
      reply: me,
      async handle({ body, request, response }) {
        const label = (request.get("user-agent") ?? "unknown").slice(0, 80)
        const { session, email } = await signIn.code(body.ticket, body.code, label)
        const cookie = logins.add(session, email)
        response.cookie(cookieName, cookie, { httpOnly: true, sameSite: "strict", secure: secureCookies, path: "/" })
        return describe({ session, email, branch: undefined })
      },
    }),
  ]
}

function sessionRoutes({ wk, issuer, logins }: LoginParts): Route[] {
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
      path: "/sessions",
      summary: "Your open sessions, on every device",
      reply: z.object({ sessions: z.array(openSession) }),
      async handle({ login }) {
        const { session } = signedIn(login)
        const open = await issuer.listSessions(session.actor)
        return {
          sessions: open.map(({ id, label, createdAt }) => ({ id, label, createdAt, current: id === session.id })),
        }
      },
    }),
    route({
      method: "delete",
      path: "/sessions/:id",
      summary: "Ends one of your sessions; its next statement is refused",
      params: byId,
      reply: done,
      async handle({ params, login }) {
        const open = await issuer.listSessions(signedIn(login).session.actor)
        if (!open.some(({ id }) => id === params.id)) throw notFound("session")
        await issuer.endSession(params.id, "revoked by its owner")
        logins.forget(params.id)
        return { ok: true }
      },
    }),
    route({
      method: "post",
      path: "/logout",
      summary: "Ends this session",
      reply: done,
      async handle({ login, response }) {
        const { session } = signedIn(login)
        await issuer.endSession(session.id, "logout")
        logins.forget(session.id)
        response.clearCookie(cookieName)
        return { ok: true }
      },
    }),
  ]
}

function signedIn(login: OpenLogin | undefined): OpenLogin {
  if (login === undefined) throw signedOut()
  return login
}

function describe({ session, email, branch }: OpenLogin): z.output<typeof me> {
  const grants = session.grants.map(({ role, purpose, branches, validUntil }) => ({
    role,
    purpose,
    branches: [...branches],
    until: validUntil,
  }))
  return { email, grants, branch: branch ?? null }
}
