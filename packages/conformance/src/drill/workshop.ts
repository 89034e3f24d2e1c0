import { randomBytes } from "node:crypto"
import { quoteIdent, quoteLiteral, WardkeepError } from "@wardkeep/core"
import { z } from "zod"
import { readRows } from "../catalog/catalog.js"
import { Connection } from "../database/connection.js"

const properties = z.object({
  owner: z.string(),
  grants: z.array(z.object({ to: z.string(), privilege: z.string(), option: z.boolean() })).nullable(),
  settings: z.array(z.object({ role: z.string().nullable(), name: z.string(), value: z.string() })).nullable(),
})
type Properties = z.output<typeof properties>

/** Why there is no clone to work on, and what to do about it. */
export class NoClone extends Error {}

/** Makes databases beside the target's and drops every one of them, whatever happens. */
export class Workshop {
  readonly #source: string
  readonly #server: URL
  readonly #made: string[] = []

  private constructor(admin: URL, server: URL) {
    this.#source = decodeURIComponent(admin.pathname.slice(1))
    this.#server = server
  }

  /**
   * Runs `work` and drops what it made, also when it throws and when the process is told to stop. A process that is
   * killed outright leaves databases called wardkeep_drill_…, which the next run names.
   */
  static async run<T>(admin: URL, work: (workshop: Workshop) => Promise<T>): Promise<T> {
    const workshop = new Workshop(admin, await entrance(admin))
    const stop = (signal: NodeJS.Signals): void => {
      // Again, and without this listener: then the signal ends the process as it would have. What could not be
      // dropped is named by the next run.
      const again = (): boolean => process.kill(process.pid, signal)
      void workshop.#dropAll().then(again, again)
    }
    process.once("SIGINT", stop).once("SIGTERM", stop)
    try {
      return await work(workshop)
    } finally {
      process.off("SIGINT", stop).off("SIGTERM", stop)
      await workshop.#dropAll()
    }
  }

  /** Databases that a killed run on the same source left behind. */
  async leftovers(): Promise<string[]> {
    return await this.#do(async (server) => {
      const shape = z.object({ name: z.string() })
      const rows = await readRows(server, "drill/leftovers.sql", shape, [this.#source, this.#made])
      return rows.map(({ name }) => name)
    })
  }

  /** A copy of the source with its rows, its database privileges and its settings. */
  async clone(): Promise<string> {
    return await this.#do(async (server) => {
      const wanted = await this.#properties(server, this.#source)
      const name = await this.#create(server, `template ${quoteIdent(this.#source)} owner ${quoteIdent(wanted.owner)}`)
      await giveProperties(server, name, wanted)
      const found = await this.#properties(server, name)
      if (JSON.stringify(found) !== JSON.stringify(wanted)) {
        throw new NoClone("the clone's database privileges or settings could not be made those of the source")
      }
      return name
    })
  }

  /** An empty database of the source's owner, for a restore. */
  async empty(): Promise<string> {
    return await this.#do(async (server) => {
      const { owner } = await this.#properties(server, this.#source)
      return await this.#create(server, `template template0 owner ${quoteIdent(owner)}`)
    })
  }

  async #create(server: Connection, how: string): Promise<string> {
    const name = `wardkeep_drill_${randomBytes(6).toString("hex")}`
    this.#made.push(name)
    const { error } = await server.run(`create database ${quoteIdent(name)} ${how}`)
    if (error === undefined) {
      await server.rows(
        `comment on database ${quoteIdent(name)} is ${quoteLiteral(`wardkeep drill of ${this.#source}`)}`,
      )
      return name
    }
    if (error.code === "55006") {
      throw new NoClone(
        `the database ${this.#source} is in use, and PostgreSQL copies a database only while nobody is connected; run the drill on a restored copy, or in a maintenance window`,
      )
    }
    throw new NoClone(`the clone was refused (${error.code}): grant CREATEDB and membership in the source's owner`)
  }

  async #properties(server: Connection, name: string): Promise<Properties> {
    const [found] = await readRows(server, "drill/database.sql", properties, [name])
    if (found === undefined) throw new NoClone(`there is no database ${name}`)
    return found
  }

  /** One of ours, as soon as it is not needed: a clone is as large as its source. */
  async drop(name: string): Promise<void> {
    await this.#do(async (server) => await this.#drop(server, name))
  }

  async #drop(server: Connection, name: string): Promise<void> {
    const { error } = await server.run(`drop database if exists ${quoteIdent(name)} with (force)`)
    if (error !== undefined) {
      throw new WardkeepError("WK780", {
        message: `the drill's database ${name} could not be dropped (${error.code})`,
        hint: `Run: drop database ${quoteIdent(name)} with (force)`,
      })
    }
    const at = this.#made.indexOf(name)
    if (at >= 0) this.#made.splice(at, 1)
  }

  async #dropAll(): Promise<void> {
    if (this.#made.length === 0) return
    await this.#do(async (server) => {
      for (const name of [...this.#made].reverse()) await this.#drop(server, name)
    })
  }

  async #do<T>(work: (server: Connection) => Promise<T>): Promise<T> {
    const server = await Connection.open(this.#server)
    try {
      return await work(server)
    } finally {
      await server.close()
    }
  }
}

export function inDatabase(url: URL, name: string): URL {
  const other = new URL(url)
  other.pathname = `/${encodeURIComponent(name)}`
  return other
}

/** A database that is not the source: nobody may be connected to the source while it is copied. */
async function entrance(admin: URL): Promise<URL> {
  for (const name of ["postgres", "template1"]) {
    const url = inDatabase(admin, name)
    const opened = await Connection.open(url).catch(() => undefined)
    await opened?.close()
    if (opened !== undefined && url.pathname !== admin.pathname) return url
  }
  throw new NoClone("the administrator can connect neither to the database postgres nor to template1")
}

async function giveProperties(
  server: Connection,
  name: string,
  { owner, grants, settings }: Properties,
): Promise<void> {
  const database = `database ${quoteIdent(name)}`
  const role = (to: string): string =>
    to === "public" ? "public" : quoteIdent(to === "owner" ? owner : to.slice("role ".length))
  const statements = [
    `revoke all on ${database} from public, ${quoteIdent(owner)}`,
    ...(grants ?? []).map(
      ({ to, privilege, option }) =>
        `grant ${privilege} on ${database} to ${role(to)}${option && to !== "owner" ? " with grant option" : ""}`,
    ),
    ...(settings ?? []).map(({ role: whose, name: setting, value }) => {
      const holder = whose === null ? database : `role ${quoteIdent(whose)} in ${database}`
      // Lists are stored ready to use; as one literal they would become one name.
      const given = setting === "search_path" ? value : quoteLiteral(value)
      return `alter ${holder} set ${setting.split(".").map(quoteIdent).join(".")} = ${given}`
    }),
  ]
  for (const statement of statements) {
    const { error } = await server.run(statement)
    if (error !== undefined) throw new NoClone(`the clone cannot be given the source's privileges (${error.code})`)
  }
}
