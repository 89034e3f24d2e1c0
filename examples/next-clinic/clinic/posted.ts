/** Plain forms of the frame go to route handlers: the whole page is loaded anew, and nothing of the old one is kept. */

/** SameSite=Strict keeps the cookie from other sites; this keeps the request away, too. */
export const isOwn = (request: Request): boolean => {
  const site = request.headers.get("sec-fetch-site")
  return site === null || site === "same-origin"
}

/** Back to a screen of this console, and nowhere else. */
export function backTo(path: unknown): Response {
  const own = typeof path === "string" && /^\/[a-z0-9/-]*$/.test(path) && !path.startsWith("//") ? path : "/"
  return new Response(null, { status: 303, headers: { location: own, "cache-control": "private, no-store" } })
}
