import type { OpenLogin } from "@wardkeep/example-express-clinic"
import { cookies } from "next/headers"
import { redirect } from "next/navigation"
import { cache } from "react"
import { nextContext } from "wardkeep/next"
import { refusedPage } from "@/ui/refused"
import { cookieName } from "./cookies"
import { parts } from "./parts"

/** Who is signed in in this browser; asked once per request. */
export const currentLogin = cache(
  async (): Promise<OpenLogin | undefined> => parts.logins.open((await cookies()).get(cookieName)?.value),
)

const overCodes = new Set(["WK101", "WK102"])

/** Wraps every page, route handler and server action that reads or writes: each runs as whoever is signed in. */
export const clinic = nextContext(parts.wk, {
  store: parts.store,
  session: async () => (await currentLogin())?.session,
  async scope() {
    const branch = (await currentLogin())?.branch
    return { ...(branch !== undefined && { branch }) }
  },
  async refused({ body: { code } }) {
    if (overCodes.has(code)) redirect("/sign-in?over=1")
    return await refusedPage(code)
  },
})

export const { wk } = parts
