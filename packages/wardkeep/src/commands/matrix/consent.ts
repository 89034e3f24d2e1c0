import { type Policy, wallOf } from "@wardkeep/core"
import type { Row } from "@wardkeep/permissions"
import { type Queryable, wallColumns } from "@wardkeep/postgres/migrate"
import type { TableFacts } from "./catalog.js"

/** The bit of each purpose on a row about a person, as the database has it. */
export type PurposeBits = ReadonlyMap<string, bigint>

export async function readPurposeBits(client: Queryable, policy: Policy): Promise<PurposeBits> {
  if (policy.consent === null) return new Map()
  const { rows } = await client.query<{ name: string; bit: number }>(
    "select p.name, p.bit from wardkeep.policy_purpose p where p.in_force",
  )
  return new Map(rows.map(({ name, bit }) => [name, 1n << BigInt(bit)]))
}

/** Whether rows of the table carry what their person decided. */
export function isWalled({ consent, tables }: Policy, { name, level }: TableFacts): boolean {
  if (consent === null || tables.get(name)?.subject === undefined) return false
  return level === tables.get(consent.subjects)?.scope
}

/** Whether a purpose reaches a row of the table only as far as its person lets it. */
export function waits(policy: Policy, table: TableFacts, purpose: string): boolean {
  return isWalled(policy, table) && wallOf(policy.purposes.get(purpose)) !== null
}

const [bitsColumn, untilColumn] = Object.keys(wallColumns)
/** Bits above these end with time. */
const lasting = 0xffffffffn

/** What the row itself says: not whether the ledger says the same. Null where it says nothing. */
export function letsReach(bits: PurposeBits, row: Row, purpose: string, now: Date): boolean | null {
  const bit = bits.get(purpose)
  const [held, until] = [row[bitsColumn ?? ""], row[untilColumn ?? ""]]
  if (bit === undefined || typeof held !== "string" || typeof until !== "string") return null
  const over = until !== "infinity" && momentOf(until) <= now
  return (BigInt(held) & (over ? lasting : -1n) & bit) !== 0n
}

/** As PostgreSQL prints it under `datestyle = ISO`: its offset may be hours alone. */
function momentOf(text: string): Date {
  return new Date(text.replace(" ", "T").replace(/([+-]\d\d)$/, "$1:00"))
}
