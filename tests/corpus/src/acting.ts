import { Client } from "pg"
import { ident, literal } from "../../harness/src/sql.ts"
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

  /**
   * One transaction in which a statement that fails does not keep the next from being tried. Resolves with what each
   * statement was answered: rows, notices and errors.
   */
  async run(tenant: Tenant, statements: readonly string[], withContext: boolean): Promise<string[]> {
    const answers: string[] = []
    await this.#client.query("begin")
    try {
      await enter(this.#client, tenant, withContext)
      for (const statement of statements) answers.push(await this.#attempt(statement))
    } catch (error) {
      this.#hear(error)
    }
    // What is checked at the end can be refused there.
    await this.#client.query("commit").catch((error: unknown) => this.#hear(error))
    return [...answers, this.#heard()]
  }

  async end(): Promise<void> {
    await this.#client.end()
  }

  async #attempt(statement: string): Promise<string> {
    try {
      const result = await this.#client.query({ text: `savepoint attempt; ${statement}`, rowMode: "array" })
      for (const { rows } of [result].flat()) if (rows.length > 0) this.#seen.push(JSON.stringify(rows))
    } catch (error) {
      this.#hear(error)
      await this.#client.query("rollback to savepoint attempt")
    }
    return this.#heard()
  }

  #heard(): string {
    return this.#seen.splice(0).join("\n")
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
  const settings = Object.entries(connect.settings ?? {})
  const set = settings.map(([name, value]) => `set_config(${literal(name)}, ${literal(value)}, true)`)
  if (set.length > 0) await client.query(`select ${set.join(", ")}`)
}
