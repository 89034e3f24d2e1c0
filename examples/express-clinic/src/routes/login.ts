import { z } from "zod"
import { notFound } from "../http/clinic-error.js"
import { cookieName } from "../http/cookie.js"
import { byId, done, type Route, route } from "../http/route.js"
import { describe, type LoginParts, labelOf, me, meRoutes, setCookie, signedIn } from "./me.js"

const openSession = z.object({
  id: z.string(),
  label: z.string().nullable(),
  createdAt: z.string(),
  current: z.boolean(),
})

export function loginRoutes(parts: LoginParts): Route[] {
  return [...entryRoutes(parts), ...meRoutes(parts), ...sessionRoutes(parts)]
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
        const label = labelOf(request)
        const opened = await signIn.code(body.ticket, body.code, label)
        setCookie(response, logins.add(opened), secureCookies)
        return describe({ ...opened, branch: undefined })
      },
    }),
  ]
}

function sessionRoutes({ issuer, logins }: LoginParts): Route[] {
  return [
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
