import { cookies } from "next/headers"
import { languageCookie, schemeCookie } from "@/clinic/cookies"
import { backTo, isOwn } from "@/clinic/posted"

const year = 365 * 86_400

export async function POST(request: Request): Promise<Response> {
  if (!isOwn(request)) return new Response(null, { status: 403 })
  const form = await request.formData()
  const jar = await cookies()
  const keep = { httpOnly: true, sameSite: "strict", path: "/", maxAge: year } as const
  jar.set(languageCookie, form.get("language") === "hi" ? "hi" : "en", keep)
  const scheme = form.get("scheme")
  jar.set(schemeCookie, scheme === "light" || scheme === "dark" ? scheme : "auto", keep)
  return backTo(form.get("back"))
}
