import { once } from "node:events"
import { createServer, type RequestListener } from "node:http"
import type { AddressInfo } from "node:net"
import { afterAll } from "vitest"

/** A server on the loopback address until the file is over; `make` is told its origin. */
export async function loopback(make: (origin: string) => RequestListener): Promise<string> {
  const server = createServer()
  server.listen(0, "127.0.0.1")
  await once(server, "listening")
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  server.on("request", make(origin))
  afterAll(() => {
    server.closeAllConnections()
    server.close()
  })
  return origin
}

/** Keeps cookies as a browser does: the last value of each name, until it is emptied. */
export class Browser {
  readonly #cookies = new Map<string, string>()

  get headers(): Headers {
    return new Headers({ cookie: [...this.#cookies].map(([name, value]) => `${name}=${value}`).join("; ") })
  }

  /** What an answer set. */
  keep(answer: Response): Response {
    for (const line of answer.headers.getSetCookie()) {
      const [, name = "", value = ""] = /^([^=]+)=([^;]*)/.exec(line) ?? []
      if (value === "" || /max-age=0/i.test(line)) this.#cookies.delete(name)
      else this.#cookies.set(name, value)
    }
    return answer
  }
}
