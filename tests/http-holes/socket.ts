import { createHash } from "node:crypto"
import type { IncomingMessage } from "node:http"
import type { Duplex } from "node:stream"
import type { Asked } from "./front.ts"
import { patientColumns } from "./hole.ts"

const guid = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"

/** The server's half of a WebSocket for short text messages, which is all that the tests say. */
export function acceptSocket(
  stream: Duplex,
  request: IncomingMessage,
  say: (said: string) => Promise<string | undefined>,
): void {
  const key = createHash("sha1").update(`${request.headers["sec-websocket-key"]}${guid}`).digest("base64")
  stream.write(
    `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${key}\r\n\r\n`,
  )
  stream.on("error", () => stream.destroy())
  let rest = Buffer.alloc(0)
  stream.on("data", (part: Buffer) => {
    rest = Buffer.concat([rest, part])
    while (rest.length >= 6) {
      const size = rest.readUInt8(1) & 0x7f
      if (rest.length < 6 + size) return
      const mask = rest.subarray(2, 6)
      const said = Buffer.from(rest.subarray(6, 6 + size).map((byte, at) => byte ^ (mask[at % 4] ?? 0))).toString()
      rest = rest.subarray(6 + size)
      void say(said).then((answer) => answer !== undefined && stream.writable && stream.write(frame(answer)))
    }
  })
}

function frame(text: string): Buffer {
  const payload = Buffer.from(text)
  const size = payload.length < 126 ? [payload.length] : [126, payload.length >> 8, payload.length & 0xff]
  return Buffer.concat([Buffer.from([0x81, ...size]), payload])
}

/** Sends what the message asks for: of any branch, or of the caller's only. */
export const subscribe =
  (isChecked: boolean) =>
  async ({ sql, branch }: Pick<Asked, "branch" | "sql">, said: string): Promise<string | undefined> => {
    const { branch: wanted } = JSON.parse(said) as { branch: string }
    if (branch === "" || (isChecked && wanted !== branch)) return JSON.stringify({ error: "not yours" })
    const rows = await sql(`select ${patientColumns} from patient where branch_id::text = $1 order by phone limit 2`, [
      wanted,
    ])
    return JSON.stringify({ waiting: rows })
  }
