import { once } from "node:events"
import { type AddressInfo, connect, createServer } from "node:net"

/** A port that was free a moment ago. Whoever binds it must be ready to lose the race and ask again. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1")
  await once(server, "listening")
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, "close")
  return port
}

/** Whether somebody listens on the port. */
export async function accepts(port: number): Promise<boolean> {
  const socket = connect(port, "127.0.0.1")
  try {
    await once(socket, "connect")
    return true
  } catch {
    return false
  } finally {
    socket.destroy()
  }
}
