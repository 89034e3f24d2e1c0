import type { Client } from "pg"
import { Acting } from "./acting.ts"
import type { Installed } from "./installed.ts"
import { readScript, type Section } from "./script.ts"
import { canary, type System, type Tenant } from "./system.ts"

export interface Proof {
  /** The first tenant was told something of another one, or did something to it. */
  readonly leaks: boolean
  /** What a control must not show was shown; then the leak proves nothing. */
  readonly controlFailed: boolean
  readonly told: string
}

/** Runs the system's own script. */
export async function prove({ system, url, admin }: Installed): Promise<Proof> {
  const shows = system.shows ?? canary
  const attacker = system.target.tenants[0]?.name
  const connections = new Connections(url)
  let leaks = false
  let controlFailed = false
  const told: string[] = []
  try {
    for (const section of readScript(system.attackSql ?? "")) {
      if (section.kind === "truth") {
        leaks ||= await truth(admin, section)
        continue
      }
      const tenant = tenantNamed(system, section.tenant)
      const acting = await connections.for(tenant, section.connection)
      const text = (await acting.run(tenant, section.statements, !section.withoutContext)).join("\n")
      told.push(`as ${section.tenant}: ${text}`)
      const shown = section.tenant === attacker && text.includes(shows)
      if (section.kind === "control") controlFailed ||= shown
      else leaks ||= shown
    }
  } finally {
    await connections.end()
  }
  return { leaks, controlFailed, told: told.join("\n") }
}

/** All stay open to the end, as the connections of a pool do. */
class Connections {
  readonly #url: (user: string) => string
  readonly #own = new Map<string, Acting>()
  readonly #all: Acting[] = []

  constructor(url: (user: string) => string) {
    this.#url = url
  }

  async for({ name, connect }: Tenant, which: Section["connection"]): Promise<Acting> {
    const found = which === "same" ? this.#all.at(-1) : which === "own" ? this.#own.get(name) : undefined
    const acting = found ?? (await Acting.connect(this.#url(connect.user)))
    if (found === undefined) this.#all.push(acting)
    this.#own.set(name, acting)
    return acting
  }

  async end(): Promise<void> {
    await Promise.all(this.#all.map((acting) => acting.end()))
  }
}

function tenantNamed({ slug, target }: System, name: string): Tenant {
  const tenant = target.tenants.find((candidate) => candidate.name === name)
  if (tenant === undefined) throw new Error(`${slug}: nobody is called ${name}`)
  return tenant
}

async function truth(admin: Client, { statements }: Section): Promise<boolean> {
  const { rows } = await admin.query<unknown[]>({ text: statements.join("\n"), rowMode: "array" })
  const answer = rows[0]?.[0]
  if (typeof answer !== "boolean") throw new Error("a truth is one query that answers yes or no")
  return answer
}
