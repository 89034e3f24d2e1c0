import type { IncomingMessage } from "node:http"

/**
 * Once, when the server starts: refuses a login that can go around row-level security, ends what idles, and believes nobody who
 * says by a header where they sit.
 */
export async function register(): Promise<void> {
  if (process.env.NEXT_RUNTIME !== "nodejs") return
  // Next writes the peer's address there only where nothing stands.
  if (process.env.CONSOLE_BEHIND_PROXY !== "1") {
    const { subscribe } = await import("node:diagnostics_channel")
    subscribe("http.server.request.start", (message) => {
      delete (message as { readonly request: IncomingMessage }).request.headers["x-forwarded-for"]
    })
  }
  const { parts } = await import("./clinic/parts")
  await parts.wk.start()
  setInterval(() => void parts.endIdle(), 5_000).unref()
}
