import { cookies } from "next/headers"
import { type Language, languages, type Words } from "@/words"

/** An id of 256 random bits that means nothing elsewhere; the server keeps its digest, and ends it at once. */
export const cookieName = "clinic_session"
export const languageCookie = "clinic_language"
export const schemeCookie = "clinic_scheme"

const secure = process.env.CONSOLE_INSECURE_COOKIES !== "1"

export async function setLogin(value: string): Promise<void> {
  const jar = await cookies()
  jar.set(cookieName, value, { httpOnly: true, sameSite: "strict", secure, path: "/" })
}

export async function currentLanguage(): Promise<Language> {
  return (await cookies()).get(languageCookie)?.value === "hi" ? "hi" : "en"
}

export async function currentWords(): Promise<Words> {
  return languages[await currentLanguage()]
}

export type Scheme = "auto" | "light" | "dark"

export async function currentScheme(): Promise<Scheme> {
  const value = (await cookies()).get(schemeCookie)?.value
  return value === "light" || value === "dark" ? value : "auto"
}
