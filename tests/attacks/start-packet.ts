import { once } from "node:events"
import { connect } from "node:net"

const version = 196608

/** The first answer to a start packet with these parameters, before anybody was asked for a password: its letter, and its text. */
export async function answerToStart(url: string, parameters: Readonly<Record<string, string>>): Promise<string> {
  const { hostname, port, username, pathname } = new URL(url)
  const all = { user: decodeURIComponent(username), database: pathname.slice(1), ...parameters }
  const text = Object.entries(all).map(([name, value]) => `${name}\0${value}\0`)
  const body = Buffer.from(`${text.join("")}\0`)
  const head = Buffer.alloc(8)
  head.writeInt32BE(body.length + 8, 0)
  head.writeInt32BE(version, 4)
  const socket = connect(Number(port), hostname)
  try {
    await once(socket, "connect")
    socket.write(Buffer.concat([head, body]))
    const [answer] = (await once(socket, "data")) as [Buffer]
    return answer.toString("latin1").replaceAll("\0", " ")
  } finally {
    socket.destroy()
  }
}
