import net from "node:net"
import type pg from "pg"

const code = 80877102
const patience = 2000

/**
 * Asks the server to stop what a session is doing; resolves when the request was taken, or after two seconds. Best
 * effort: a server that only takes TLS for cancel requests, or a custom stream, leaves the statement to its time-out.
 */
export function requestCancel(client: pg.Client): Promise<void> {
  // The types of `pg` do not list what BackendKeyData brought.
  const { processID, secretKey } = client as pg.Client & { readonly processID?: number; readonly secretKey?: number }
  if (typeof processID !== "number" || typeof secretKey !== "number") return Promise.resolve()
  const request = Buffer.allocUnsafe(16)
  request.writeInt32BE(16, 0)
  request.writeInt32BE(code, 4)
  request.writeInt32BE(processID, 8)
  request.writeInt32BE(secretKey, 12)
  const socket = client.host.startsWith("/")
    ? net.connect(`${client.host}/.s.PGSQL.${client.port}`)
    : net.connect(client.port, client.host)
  return new Promise((resolve) => {
    socket.unref()
    socket.setTimeout(patience, () => socket.destroy())
    socket.on("error", () => socket.destroy())
    // Answered by closing: only then is it certain that a pooler has passed it on.
    socket.on("close", () => resolve())
    socket.on("connect", () => socket.end(request))
    socket.resume()
  })
}
