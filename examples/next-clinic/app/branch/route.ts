import { cookies } from "next/headers"
import { cookieName } from "@/clinic/cookies"
import { holdsBranch } from "@/clinic/enter"
import { parts } from "@/clinic/parts"
import { backTo, isOwn } from "@/clinic/posted"

/** Narrows this browser to one of the session's branches, or back to all. The database refuses any other (WK105) by itself. */
export async function POST(request: Request): Promise<Response> {
  if (!isOwn(request)) return new Response(null, { status: 403 })
  const form = await request.formData()
  const login = parts.logins.open((await cookies()).get(cookieName)?.value)
  if (login === undefined) return backTo("/sign-in")
  const branch = String(form.get("branch") ?? "")
  const held = branch === "" || holdsBranch(login.session, branch)
  if (!held) return new Response(null, { status: 403 })
  login.branch = branch === "" ? undefined : branch
  return backTo(form.get("back"))
}
