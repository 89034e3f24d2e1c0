import { cookies } from "next/headers"
import { cookieName } from "@/clinic/cookies"
import { parts } from "@/clinic/parts"
import { isOwn } from "@/clinic/posted"

const answer = (status: 204 | 401): Response =>
  new Response(null, { status, headers: { "cache-control": "private, no-store" } })
const cookie = async (): Promise<string | undefined> => (await cookies()).get(cookieName)?.value

/** Whether the page that asks may still be looked at, asked of the database; it keeps nobody signed in. */
export async function GET(): Promise<Response> {
  const login = parts.logins.peek(await cookie())
  if (login === undefined) return answer(401)
  const open = await parts.issuer.listSessions(login.session.actor)
  return answer(open.some(({ id }) => id === login.session.id) ? 204 : 401)
}

/** Somebody uses the page, without asking for anything. */
export async function POST(request: Request): Promise<Response> {
  if (!isOwn(request)) return new Response(null, { status: 403 })
  return answer(parts.logins.open(await cookie()) === undefined ? 401 : 204)
}

/** The page locked itself: the session ends where it counts, too. */
export async function DELETE(request: Request): Promise<Response> {
  if (!isOwn(request)) return new Response(null, { status: 403 })
  const login = parts.logins.peek(await cookie())
  if (login !== undefined) {
    parts.logins.forget(login.session.id)
    await parts.issuer.endSession(login.session.id, "idle for too long")
  }
  return answer(204)
}
