import { connect as connectTcp, isIP, type Socket } from "node:net"
import { connect as connectTls } from "node:tls"

/** How the server or pooler behind an address answers to a first packet, before any password is sent. */
export type Hello = "trust" | "cleartext" | "md5" | "scram" | "other" | "refused" | "unreachable"

const seconds = 5

/** Asks to be let in as this login and reads the first answer; the connection is closed without a word more. */
export async function hello(url: URL, encrypted: boolean): Promise<Hello> {
  const plain = await opened(url)
  if (plain === undefined) return "unreachable"
  const socket = encrypted ? await withTls(plain, url) : plain
  if (socket === undefined) {
    plain.destroy()
    return "refused"
  }
  try {
    socket.write(startup(url))
    return meaning(await answer(socket, 9))
  } finally {
    socket.destroy()
  }
}

/** Whether a first packet that asks for TLS is answered with it. */
async function withTls(plain: Socket, url: URL): Promise<Socket | undefined> {
  plain.write(Buffer.from([0, 0, 0, 8, 4, 210, 22, 47]))
  if ((await answer(plain, 1)).toString("latin1", 0, 1) !== "S") return undefined
  // Who the server is, is not the question here: nothing secret is sent.
  const name = hostOf(url)
  const socket = connectTls({ socket: plain, rejectUnauthorized: false, ...(isIP(name) === 0 && { servername: name }) })
  return await new Promise((resolve) => {
    socket.once("secureConnect", () => resolve(socket))
    socket.once("error", () => resolve(undefined))
    socket.once("close", () => resolve(undefined))
  })
}

export const hostOf = (url: URL): string => url.searchParams.get("host") ?? url.hostname.replace(/^\[|\]$/g, "")

async function opened(url: URL): Promise<Socket | undefined> {
  const host = decodeURIComponent(hostOf(url))
  const port = Number(url.port || "5432")
  const socket = host.startsWith("/") ? connectTcp(`${host}/.s.PGSQL.${port}`) : connectTcp(port, host)
  socket.setTimeout(seconds * 1000, () => socket.destroy())
  return await new Promise((resolve) => {
    socket.once("connect", () => resolve(socket))
    socket.once("error", () => resolve(undefined))
    socket.once("close", () => resolve(undefined))
  })
}

/** At least so many bytes, or what came before the connection ended. */
async function answer(socket: Socket, bytes: number): Promise<Buffer> {
  let read = Buffer.alloc(0)
  return await new Promise((resolve) => {
    const data = (chunk: Buffer): void => {
      read = Buffer.concat([read, chunk])
      if (read.length >= bytes) done()
    }
    const done = (): void => {
      socket.off("data", data)
      resolve(read)
    }
    socket.on("data", data)
    socket.once("error", done)
    socket.once("close", done)
  })
}

/** StartupMessage of protocol 3.0. */
function startup(url: URL): Buffer {
  const database = decodeURIComponent(url.pathname.slice(1))
  const user = decodeURIComponent(url.username)
  const pairs = ["user", user, "database", database === "" ? user : database, "application_name", "wardkeep verify"]
  const body = Buffer.from(`${pairs.map((text) => `${text}\0`).join("")}\0`)
  const head = Buffer.alloc(8)
  head.writeInt32BE(body.length + 8, 0)
  head.writeInt32BE(196_608, 4)
  return Buffer.concat([head, body])
}

/** AuthenticationRequest and its kind, or ErrorResponse. */
function meaning(bytes: Buffer): Hello {
  if (bytes.length < 9) return "refused"
  if (bytes.toString("latin1", 0, 1) !== "R") return "refused"
  const kinds: Readonly<Record<number, Hello>> = { 0: "trust", 3: "cleartext", 5: "md5", 10: "scram" }
  return kinds[bytes.readInt32BE(5)] ?? "other"
}
