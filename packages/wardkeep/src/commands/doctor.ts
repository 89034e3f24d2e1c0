import { type Finding, type Policy, sortFindings, WardkeepError } from "@wardkeep/core"
import {
  currentStrategy,
  databaseFindings,
  drift,
  meetsSecurityFloor,
  plan,
  roleFindings,
  type Strategy,
  securityFloorText,
} from "@wardkeep/postgres/migrate"
import type pg from "pg"
import { migrator, withClient } from "../connection/connect.js"
import { extensionsOf } from "../connection/extensions.js"
import { type Connection, isInstalled } from "../connection/owner.js"
import { type ManagedService, recognise, services } from "../managed/index.js"
import { aroundFenceFindings } from "./around-fence.js"
import { lockTableFindings } from "./lock-table.js"
import { asOwnerIfAllowed, notApplied } from "./owner-checks.js"
import { exemptLogins, readRoles } from "./roles.js"

export interface DoctorOptions {
  readonly policy: Policy
  readonly connection: Connection
  /** Overrides what the server looks like. */
  readonly service?: string | undefined
}

export interface Diagnosis {
  readonly server: {
    readonly version: string
    readonly meetsFloor: boolean
    /** First minor versions without the known holes. */
    readonly floor: string
  }
  readonly service: ManagedService
  /** True when `--service` named it, false when it follows from a marker role. */
  readonly serviceNamed: boolean
  readonly strategy: Strategy | null
  readonly connectedAs: string
  /** Logins that no policy stops: superusers and BYPASSRLS. */
  readonly exemptLogins: readonly string[]
  readonly findings: readonly Finding[]
  /** What could not be looked at, and why. Nothing here is a pass. */
  readonly notChecked: readonly string[]
}

/**
 * Looks at server, roles, privileges, drift and coverage, and changes nothing.
 *
 * @throws WK005 · WK006 server version · WK009 unknown service
 * @example const { findings } = await doctor({ policy, connection: { env: process.env } })
 */
export async function doctor({ policy, connection, service }: DoctorOptions): Promise<Diagnosis> {
  const named = service === undefined ? undefined : serviceNamed(service)
  return await withClient({ ...connection, variables: migrator }, async (client) => {
    const findings: Finding[] = await lockTableFindings(client)
    const server = await readServer(client)
    const roles = await readRoles(client)
    findings.push(...serverFindings(server), ...(await roleFindings(client, policy)))
    findings.push(...(await aroundFenceFindings(client, policy)))
    const notChecked: string[] = []
    const installed = await isInstalled(client)
    if (installed) {
      findings.push(...(await databaseFindings(client, policy)))
      const reason = await asOwnerIfAllowed(client, policy, async () => {
        findings.push(...(await drift({ client, policy })), ...(await coverage(client, policy)))
      })
      if (reason !== null) notChecked.push(`drift, coverage, indexes and key oracles: ${reason}`)
    } else {
      findings.push(notInstalled())
      notChecked.push("privileges, drift, coverage, indexes and key oracles: Wardkeep is not installed here")
    }
    return {
      server: { version: server.version, meetsFloor: meetsSecurityFloor(server.number), floor: securityFloorText },
      service: named ?? recognise(new Set(roles.keys())),
      serviceNamed: named !== undefined,
      strategy: installed ? await currentStrategy(client) : null,
      connectedAs: server.login,
      exemptLogins: exemptLogins(roles),
      findings: sortFindings(distinct(findings)),
      notChecked,
    }
  })
}

/** Drift and plan each look at roles and privileges themselves, so that neither can be run without; one fault is said once. */
function distinct(findings: readonly Finding[]): Finding[] {
  // Of drift that no step corrects the plan says what to do.
  const open = new Set(findings.filter(({ check }) => check === "drift-not-corrected").map(({ object }) => object))
  const told = findings.filter(({ check, object }) => check !== "drift" || !open.has(object))
  return [...new Map(told.map((finding) => [JSON.stringify(finding), finding])).values()]
}

function serviceNamed(id: string): ManagedService {
  const found = services.find((service) => service.id === id)
  if (found !== undefined) return found
  throw new WardkeepError("WK009", {
    message: `there is no service ${id.slice(0, 40)}`,
    hint: `Write one of ${services.map((service) => service.id).join(", ")}.`,
  })
}

interface Server {
  readonly number: number
  readonly version: string
  readonly login: string
}

async function readServer(client: pg.Client): Promise<Server> {
  const { rows } = await client.query<Server>(
    "select current_setting('server_version_num')::int as number, current_setting('server_version') as version, session_user::text as login",
  )
  return rows[0] ?? { number: 0, version: "unknown", login: "unknown" }
}

function serverFindings({ number, version }: Server): Finding[] {
  if (number >= 190000) {
    return [
      {
        check: "server-untested",
        severity: "hygiene",
        object: "server",
        message: `PostgreSQL ${version} is newer than what the tests run on`,
        fix: "Use PostgreSQL 15 to 18, or run the tests against this version with WARDKEEP_DATABASE_URL",
      },
    ]
  }
  if (meetsSecurityFloor(number)) return []
  return [
    {
      check: "server-below-security-floor",
      severity: "leak",
      object: "server",
      message: `PostgreSQL ${version} has known holes through which rows of other branches can be read (CVE-2026-120154 and others)`,
      fix: `Upgrade to ${securityFloorText} or later; a production client refuses this server with WK004`,
    },
  ]
}

function notInstalled(): Finding {
  return {
    check: "not-installed",
    severity: "leak",
    object: "database",
    message: "the schema wardkeep is not in this database: nothing is isolated",
    fix: "wardkeep migrate, then wardkeep apply",
  }
}

/** What the plan says of tables, keys and indexes; a plan that cannot be made is a finding too. */
async function coverage(client: pg.Client, policy: Policy): Promise<Finding[]> {
  try {
    const made = await plan({ client, policy, extensions: await extensionsOf(client) })
    return made.steps.length === 0 ? [...made.findings] : [notApplied(made.steps.length), ...made.findings]
  } catch (error) {
    if (!(error instanceof WardkeepError) || error.code === "WK901") throw error
    return [
      {
        check: `plan-refused-${error.code}`,
        severity: "leak",
        object: "policy file",
        message: `the policy file does not fit the database: ${error.message.replaceAll("\n", "; ")}`,
        fix: error.hint,
      },
    ]
  }
}
