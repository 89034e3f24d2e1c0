import { type Finding, type Policy, WardkeepError } from "@wardkeep/core"
import { asOwner, databaseFindings, drift, plan, type Queryable, roleFindings } from "@wardkeep/postgres/migrate"
import { extensionsOf } from "../../../connection/extensions.js"
import { type Connection, withInstalled } from "../../../connection/owner.js"
import { aroundFenceFindings } from "../../around-fence.js"
import { exemptLogins, readRoles } from "../../roles.js"
import { declaredSections, label, type Section } from "./declared.js"
import { presentSections } from "./present.js"

export interface CrossingsOptions {
  readonly policy: Policy
  readonly connection: Connection
  /** One clinic only. */
  readonly tenant?: string | undefined
  /** Default: the clock of the database. */
  readonly now?: Date
}

export interface Crossings {
  readonly at: string
  /** Null for all of them. */
  readonly tenant: string | null
  readonly sections: readonly Section[]
  readonly nothingElse: {
    /** Whether it can be said. */
    readonly holds: boolean
    readonly text: string
    readonly reasons: readonly string[]
  }
  /** What can read across and is not decided by any policy. */
  readonly outside: readonly string[]
}

/**
 * Everything that crosses branches or clinics: what the policy file declares, what the database holds now, and what no
 * policy decides. That nothing else crosses is said only where the compiler finds the database to be what the policy file
 * says, with no table outside it and none of its own findings that something crosses.
 *
 * @throws WK002 not installed · WK009 no such clinic · WK005 · WK307 neither migrator nor administrator
 * @example const { sections, nothingElse } = await crossings({ policy, connection: { env: process.env } })
 */
export async function crossings({ policy, connection, tenant, now }: CrossingsOptions): Promise<Crossings> {
  return await withInstalled(connection, async (client) => {
    const around = [
      ...(await aroundFenceFindings(client, policy)),
      ...(await roleFindings(client, policy)),
      ...(await databaseFindings(client, policy)),
    ]
    const exempt = exemptLogins(await readRoles(client))
    return await asOwner(client, policy, async () => {
      const clock = await client.query<{ now: Date; known: boolean }>(
        "select clock_timestamp() as now, $1::text is null or exists (select from wardkeep.known_tenant k where k.tenant = $1) as known",
        [tenant ?? null],
      )
      if (clock.rows[0]?.known !== true)
        throw new WardkeepError("WK009", { message: "--tenant names no clinic of this database" })
      const at = now ?? clock.rows[0].now
      const present = await presentSections(client, policy, tenant ?? null, at)
      const unsure = await doubtsOf(client, policy)
      return {
        at: at.toISOString(),
        tenant: tenant ?? null,
        sections: [...declaredSections(policy), ...present],
        nothingElse: nothingElse(policy, [...unsure, ...around.filter(isLeak).map(({ message }) => message)]),
        outside: outside(around, exempt),
      }
    })
  })
}

const isLeak = ({ severity }: Finding): boolean => severity === "leak"
/** What the compiler knows to cross, and what it protects nothing of. */
const doubts = ({ severity }: Finding): boolean => severity === "leak" || severity === "not-covered"

/** Why it cannot be said that nothing else crosses. */
async function doubtsOf(client: Queryable & Parameters<typeof extensionsOf>[0], policy: Policy): Promise<string[]> {
  const drifted = (await drift({ client, policy })).map(({ object, message }) => `${object}: ${message}`)
  const unmanaged = [...policy.tables].filter(([, { scope }]) => scope === "unmanaged").map(([name]) => name)
  const open = unmanaged.map((name) => `${label(policy, name)} is declared unmanaged: Wardkeep protects nothing in it`)
  try {
    const { steps, findings } = await plan({ client, policy, extensions: await extensionsOf(client) })
    const found = findings.filter(doubts).filter(({ object }) => !unmanaged.includes(object))
    return [
      ...new Set(drifted),
      ...(steps.length === 0 ? [] : [`${steps.length} steps of the policy file are not in the database`]),
      ...found.map(({ object, message }) => `${object}: ${message}`),
      ...open,
    ]
  } catch (error) {
    if (!(error instanceof WardkeepError) || error.code === "WK901") throw error
    return [...drifted, `the policy file does not fit the database: ${error.message.split("\n")[0]}`, ...open]
  }
}

function nothingElse(policy: Policy, reasons: readonly string[]): Crossings["nothingElse"] {
  if (reasons.length > 0)
    return { holds: false, text: "It cannot be said that nothing else crosses.", reasons: [...new Set(reasons)] }
  const covered = [...policy.tables.values()].filter(({ scope }) => scope !== "global" && scope !== "unmanaged").length
  return {
    holds: true,
    reasons: [],
    text: `Through the application's login nothing else crosses, as far as the compiler can show it: each of the ${covered} tables that belong to a clinic or a branch has the restrictive policy that the policy file asks for, grants and policies are those of the policy file, and no table is outside it. This is read from the catalog; \`wardkeep matrix tests\` and \`wardkeep verify\` try it.`,
  }
}

function outside(around: readonly Finding[], exempt: readonly string[]): string[] {
  return [
    `Logins that no policy stops (superusers and BYPASSRLS): ${exempt.length === 0 ? "none visible to this login" : exempt.join(", ")}.`,
    ...new Set(around.map(({ message }) => `${message}.`)),
    "Backups, copies of the server and what the application keeps after reading (files, caches, exports) are not decided by policies.",
    "Nobody is referred to another clinic.",
    "Catalogs tell every login how many rows a table has in all, of every clinic together: pg_class, pg_stat_user_tables.",
  ]
}
