export interface Reply {
  readonly status: number
  /** Everything that came back, headers included: what is searched for other branches' data. */
  readonly text: string
  readonly body: Readonly<Record<string, unknown>>
}

/** Somebody at the API: it keeps a cookie and counts what it asks. */
export class Browser {
  static requests = 0
  #cookie = ""

  constructor(
    readonly origin: string,
    readonly label: string,
  ) {}

  get cookie(): string {
    return this.#cookie
  }

  async send(method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Reply> {
    Browser.requests += 1
    const response = await fetch(this.origin + path, {
      method,
      headers: {
        "user-agent": this.label,
        ...(body === undefined ? {} : { "content-type": "application/json" }),
        ...headers,
        ...(this.#cookie === "" ? {} : { cookie: this.#cookie }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    const [cookie] = response.headers.getSetCookie()
    if (cookie !== undefined) this.#cookie = cookie.split(";")[0] ?? ""
    const text = await response.text()
    const head = [...response.headers].map(([name, value]) => `${name}: ${value}`).join("\n")
    return { status: response.status, text: `${head}\n${text}`, body: parsed(text) }
  }

  /** As `send`, for what has to work: the demo stops where an ordinary step of the day fails. */
  async must(method: string, path: string, body?: unknown): Promise<Reply["body"]> {
    const reply = await this.send(method, path, body)
    if (reply.status >= 400)
      throw new Error(`${this.label}: ${method} ${path} gave ${reply.status} ${String(reply.body.code)}`)
    return reply.body
  }
}

function parsed(text: string): Reply["body"] {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === "object" && value !== null ? { ...value } : {}
  } catch {
    return {}
  }
}
