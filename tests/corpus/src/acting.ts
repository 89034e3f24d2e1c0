import { Client } from "pg"
import { ident } from "../../harness/src/sql.ts"
import type { Tenant } from "./system.ts"

/** A connection of the application, and everything that it was ever told. */
export class Acting {
  readonly #client: Client
  readonly #seen: string[] = []

  private constructor(client: Client) {
    this.#client = client
    client.on("notice", (notice) => this.#hear(notice))
    client.on("notification", (message) => this.#hear(message))
    client.on("error", (error) => this.#hear(error))
  }

  static async connect(url: string): Promise<Acting> {
    const acting = new Acting(new Client({ connectionString: url }))
    await acting.#client.connect()
    return acting
  }

  /** One transaction in which a statement that fails does not keep the next from being tried. */
  async run(tenant: Tenant, statements: readonly string[], withContext: boolean): Promise<string> {
    const from = this.#seen.length
    await this.#client.query("begin")
    try {
      await enter(this.#client, tenant, withContext)
      for (const statement of statements) await this.#attempt(statement)
    } catch (error) {
      this.#hear(error)
    }
    await this.#attempt("commit", false)
    return this.#seen.slice(from).join("\n")
  }

  async end(): Promise<void> {
    await this.#client.end()
  }

  async #attempt(statement: string, savepoint = true): Promise<void> {
    if (savepoint) await this.#client.query("savepoint attempt")
    try {
      const result = await this.#client.query({ text: statement, rowMode: "array" })
      for (const { rows } of [result].flat()) this.#seen.push(JSON.stringify(rows))
    } catch (error) {
      this.#hear(error)
      if (savepoint) await this.#client.query("rollback to savepoint attempt")
    }
  }

  #hear(message: unknown): void {
    const { message: text, detail, hint, where, payload } = { ...asRecord(message) }
    this.#seen.push([text, detail, hint, where, payload].filter((part) => part !== undefined).join(" | "))
  }
}

function asRecord(message: unknown): Record<string, unknown> {
  if (typeof message !== "object" || message === null) return { message: String(message) }
  return { ...message, message: "message" in message ? message.message : undefined }
}

/** As the application does it: the role and the settings end with the transaction. */
export async function enter(client: Client, { connect }: Tenant, withContext = true): Promise<void> {
  if (connect.role !== undefined) await client.query(`set local role ${ident(connect.role)}`)
  if (!withContext) return
  for (const [name, value] of Object.entries(connect.settings ?? {})) {
    await client.query("select set_config($1, $2, true)", [name, value])
  }
}
