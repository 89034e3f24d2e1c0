export const cookieName = "clinic_session"

/** The value of our cookie in a Cookie header. */
export function sessionCookie(header: string | undefined): string | undefined {
  for (const part of header?.split(";") ?? []) {
    const [name, value] = part.trim().split("=", 2)
    if (name === cookieName) return value
  }
  return undefined
}
