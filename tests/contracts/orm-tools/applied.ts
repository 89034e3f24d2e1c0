import { spawn } from "node:child_process"
import { type Finding, roleNames } from "@wardkeep/core"
import { apply, asOwner, drift } from "@wardkeep/postgres/migrate"
import type pg from "pg"
import { type Clinic, connected, installClinic, withLogin } from "#tests/fixture/clinic.ts"
import type { UsedDatabase } from "#tests/harness/src/use-database.ts"

/** The clinic, fenced, as those see it who change its schema. */
export class Applied {
  readonly #database: UsedDatabase
  readonly clinic: Clinic

  constructor(database: UsedDatabase, clinic: Clinic) {
    this.#database = database
    this.clinic = clinic
  }

  static async install(database: UsedDatabase): Promise<Applied> {
    return new Applied(database, await installClinic(database.ownerUrl))
  }

  /** As a host migrates: the migrator's login, with the owner's role from the first statement on. */
  ownerUrl(): string {
    const url = new URL(withLogin(this.#database.ownerUrl, this.clinic.logins.migrator))
    url.searchParams.set("options", `-c role=${roleNames(this.clinic.policy).owner}`)
    return url.href
  }

  async migrator<T>(work: (client: pg.Client) => Promise<T>): Promise<T> {
    return await connected(withLogin(this.#database.ownerUrl, this.clinic.logins.migrator), work)
  }

  async asOwner(text: string): Promise<void> {
    await this.migrator((client) => asOwner(client, this.clinic.policy, () => client.query(text)))
  }

  /** What `wardkeep doctor` says of drift. */
  async drifted(): Promise<Finding[]> {
    return await this.migrator((client) => drift({ client, policy: this.clinic.policy }))
  }

  async apply(): Promise<void> {
    const { policy } = this.clinic
    await this.migrator((client) => asOwner(client, policy, () => apply({ client, policy })))
  }

  async isFenced(table: string): Promise<boolean> {
    const text = "select relrowsecurity and relforcerowsecurity as fenced from pg_class where oid = $1::regclass"
    return await connected(this.#database.adminUrl, async (admin) => (await admin.query(text, [table])).rows[0].fenced)
  }
}

export interface Ran {
  readonly code: number | null
  readonly output: string
}

/** A tool's command line, in a process of its own. */
export async function runTool(
  folder: string,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<Ran> {
  const child = spawn(process.execPath, [...args], { cwd: folder, env: { PATH: process.env.PATH, ...env } })
  let output = ""
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding("utf8").on("data", (text: string) => {
      output += text
    })
  const code = await new Promise<number | null>((resolve) => child.once("close", resolve))
  return { code, output }
}
