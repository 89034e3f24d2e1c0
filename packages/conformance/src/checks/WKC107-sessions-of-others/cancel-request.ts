import { connect } from "node:net"
import { hostOf } from "../WKC101-way-in/hello.js"

const seconds = 5

/** A CancelRequest of the protocol: nobody answers it, and whoever knows process and number may send it. */
export async function cancelRequest(url: URL, pid: number, secret: number): Promise<void> {
  const host = decodeURIComponent(hostOf(url))
  const port = Number(url.port || "5432")
  const socket = host.startsWith("/") ? connect(`${host}/.s.PGSQL.${port}`) : connect(port, host)
  socket.setTimeout(seconds * 1000, () => socket.destroy())
  const packet = Buffer.alloc(16)
  packet.writeInt32BE(16, 0)
  packet.writeInt32BE(80_877_102, 4)
  packet.writeInt32BE(pid, 8)
  packet.writeInt32BE(secret, 12)
  await new Promise<void>((resolve) => {
    socket.once("close", () => resolve())
    socket.once("error", () => resolve())
    socket.end(packet)
    socket.resume()
  })
}
