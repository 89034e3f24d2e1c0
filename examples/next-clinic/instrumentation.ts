/** Once, when the server starts: refuses a login that can go around row-level security, and ends what idles. */
export async function register(): Promise<void> {
  if (process.env.NEXT_RUNTIME !== "nodejs") return
  const { parts } = await import("./clinic/parts")
  await parts.wk.start()
  setInterval(() => void parts.endIdle(), 5_000).unref()
}
