/** Plain forms of the frame go to route handlers: the whole page is loaded anew, and nothing of the old one is kept. */

/** SameSite=Strict keeps the cookie from other sites; this keeps the request away, too. */
export const isOwn = (request: Request): boolean => {
  const site = request.headers.get("sec-fetch-site")
  return site === null || site === "same-origin"
}

/** A screen of this console; undefined for anything else. */
export const ownPath = (path: unknown): string | undefined =>
  typeof path === "string" && /^\/[a-z0-9/-]*$/.test(path) && !path.startsWith("//") ? path : undefined

/** Back to a screen of this console, and nowhere else. */
export function backTo(path: unknown): Response {
  return new Response(null, {
    status: 303,
    headers: { location: ownPath(path) ?? "/", "cache-control": "private, no-store" },
  })
}

export const isId = (text: string | undefined): text is string =>
  /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(text ?? "")

/** The bytes that were sent; undefined once they are more than `most`, without reading on. */
export async function bytesOf(request: Request, most: number): Promise<Buffer | undefined> {
  const reader = request.body?.getReader()
  const chunks: Uint8Array[] = []
  let length = 0
  for (;;) {
    const { value } = (await reader?.read()) ?? {}
    if (value === undefined) break
    length += value.byteLength
    chunks.push(value)
    if (length <= most) continue
    await reader?.cancel()
    return undefined
  }
  return Buffer.concat(chunks)
}
