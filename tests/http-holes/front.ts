import { createServer, type IncomingMessage, type ServerResponse } from "node:http"
import type { AddressInfo } from "node:net"
import type { Duplex } from "node:stream"
import pg from "pg"

export interface Row {
  readonly [column: string]: unknown
}

/** A request to a planted route: who asks, and a login of the database that no fence stops. */
export interface Asked {
  readonly url: URL
  readonly params: Readonly<Record<string, string>>
  readonly method: string
  readonly headers: IncomingMessage["headers"]
  readonly body: string
  /** The caller's branch, or "" without a session. */
  readonly branch: string
  readonly response: ServerResponse
  sql(text: string, values?: readonly unknown[]): Promise<Row[]>
}

export interface Reply {
  readonly status?: number
  readonly headers?: Readonly<Record<string, string>>
  readonly json?: unknown
  readonly text?: string
  readonly bytes?: Buffer
}

export interface Planted {
  /** `GET /cards/:id`. */
  readonly on: string
  handle(asked: Asked): Promise<Reply | undefined>
}

export interface Front {
  readonly origin: string
  /** Requests that arrived, with when and whether they were marked. */
  readonly seen: { readonly at: number; readonly method: string; readonly path: string; readonly marked: boolean }[]
  close(): Promise<void>
}

export type Socket = (asked: Pick<Asked, "url" | "branch" | "sql">, said: string) => Promise<string | undefined>

/** The clinic behind a server that answers some routes itself, around every isolation. */
export async function openFront(
  clinic: string,
  adminUrl: string,
  planted: readonly Planted[],
  socket?: {
    readonly path: string
    readonly say: Socket
    readonly upgrade: (
      socket: Duplex,
      request: IncomingMessage,
      say: (said: string) => Promise<string | undefined>,
    ) => void
  },
): Promise<Front> {
  const pool = new pg.Pool({ connectionString: adminUrl, max: 2 })
  const seen: Front["seen"] = []
  const sql: Asked["sql"] = async (text, values = []) => (await pool.query<Row>(text, [...values])).rows
  const branchOf = async (headers: IncomingMessage["headers"]): Promise<string> => {
    const answer = await fetch(`${clinic}/me`, { headers: { cookie: headers.cookie ?? "" } })
    const me = (await answer.json()) as { grants?: { branches: string[] }[] }
    return me.grants?.[0]?.branches[0] ?? ""
  }
  const server = createServer((request, response) => {
    answer(request, response).catch((error: unknown) => {
      if (!response.headersSent) response.statusCode = 500
      response.end(String(error))
    })
  })
  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? "/", "http://front.test")
    const method = request.method ?? "GET"
    const marked = request.headers["x-wardkeep-probe"] !== undefined
    seen.push({ at: performance.now(), method, path: url.pathname, marked })
    const parts: Buffer[] = []
    for await (const part of request) parts.push(part as Buffer)
    const body = Buffer.concat(parts).toString()
    for (const { on, handle } of planted) {
      const params = match(on, method, url.pathname)
      if (params === undefined) continue
      const branch = await branchOf(request.headers)
      const reply = await handle({ url, params, method, headers: request.headers, body, branch, response, sql })
      if (reply !== undefined) return send(response, method, reply)
    }
    await forward(clinic, request, body, response)
  }
  server.on("upgrade", (request, stream) => {
    const url = new URL(request.url ?? "/", "http://front.test")
    if (socket === undefined || url.pathname !== socket.path) {
      stream.destroy()
      return
    }
    socket.upgrade(stream, request, async (said) =>
      socket.say({ url, sql, branch: await branchOf(request.headers) }, said),
    )
  })
  // Upgraded connections are no longer the server's to close.
  const connections = new Set<Duplex>()
  server.on("connection", (connection) => {
    connections.add(connection)
    connection.once("close", () => connections.delete(connection))
  })
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    seen,
    async close() {
      const closed = new Promise((resolve) => server.close(resolve))
      for (const connection of connections) connection.destroy()
      await closed
      await pool.end()
    },
  }
}

function match(on: string, method: string, path: string): Record<string, string> | undefined {
  const [verb, pattern = ""] = on.split(" ")
  if (verb !== method) return undefined
  const found = new RegExp(`^${pattern.replace(/:(\w+)/g, "(?<$1>[^/]+)")}$`).exec(path)
  return found === null ? undefined : { ...found.groups }
}

function send(response: ServerResponse, method: string, reply: Reply): void {
  if (response.headersSent) return
  const { status = 200, headers = {}, json, text = "", bytes } = reply
  const body = bytes ?? Buffer.from(json === undefined ? text : JSON.stringify(json))
  const type = json === undefined ? {} : { "content-type": "application/json" }
  response.writeHead(status, { "content-length": body.length, ...type, ...headers })
  response.end(method === "HEAD" ? undefined : body)
}

async function forward(
  clinic: string,
  request: IncomingMessage,
  body: string,
  response: ServerResponse,
): Promise<void> {
  const { cookie = "", "content-type": type = "application/json" } = request.headers
  const answer = await fetch(clinic + request.url, {
    method: request.method ?? "GET",
    redirect: "manual",
    headers: { cookie, ...(body === "" ? {} : { "content-type": type }) },
    ...(body === "" ? {} : { body }),
  })
  const {
    "content-encoding": _encoding,
    "transfer-encoding": _transfer,
    ...headers
  } = Object.fromEntries(answer.headers)
  response.writeHead(answer.status, headers)
  response.end(Buffer.from(await answer.arrayBuffer()))
}
