import type { Header } from "@wardkeep/conformance"

export interface Visit {
  readonly method?: string
  readonly path: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: unknown
  /** Of a WebSocket: what was said and what was heard. */
  readonly said?: readonly string[]
  readonly heard?: readonly string[]
}

/** What a browser would have recorded, were it used for these visits one after the other. */
export async function recordHar(
  origin: string,
  credentials: readonly Header[],
  visits: readonly Visit[],
): Promise<string> {
  const entries: unknown[] = []
  for (const visit of visits) {
    const { method = "GET", path, body } = visit
    const headers = { ...Object.fromEntries(credentials), accept: "application/json", ...visit.headers }
    const sent = body === undefined ? headers : { ...headers, "content-type": "application/json" }
    const request = {
      method,
      url: new URL(path, origin).href,
      headers: pairsOf(sent),
      ...(body === undefined ? {} : { postData: { mimeType: "application/json", text: JSON.stringify(body) } }),
    }
    entries.push({ request, ...(await answerTo(origin, visit, method, sent)) })
  }
  return JSON.stringify({ log: { version: "1.2", creator: { name: "test", version: "1" }, entries } })
}

async function answerTo(
  origin: string,
  visit: Visit,
  method: string,
  headers: Record<string, string>,
): Promise<object> {
  if (visit.said !== undefined) {
    const said = visit.said.map((data) => ({ type: "send", data }))
    const heard = (visit.heard ?? []).map((data) => ({ type: "receive", data }))
    return { response: { status: 101, headers: [], content: {} }, _webSocketMessages: [...said, ...heard] }
  }
  const stop = new AbortController()
  const response = await fetch(new URL(visit.path, origin), {
    method,
    headers,
    redirect: "manual",
    signal: stop.signal,
    ...(visit.body === undefined ? {} : { body: JSON.stringify(visit.body) }),
  })
  const isStream = response.headers.get("content-type")?.includes("event-stream")
  const bytes = isStream ? Buffer.alloc(0) : Buffer.from(await response.arrayBuffer())
  if (isStream) stop.abort()
  const content = { text: bytes.toString("base64"), encoding: "base64" }
  return { response: { status: response.status, headers: pairsOf(Object.fromEntries(response.headers)), content } }
}

const pairsOf = (record: Readonly<Record<string, string>>): object[] =>
  Object.entries(record).map(([name, value]) => ({ name, value }))
