import { actions, handlingActions, type Policy } from "@wardkeep/core"
import { asOwner } from "@wardkeep/postgres/migrate"
import { type Connection, withInstalled } from "../../connection/owner.js"
import { readTables, scopeOf, type TableFacts } from "./catalog.js"
import { covered } from "./cells/statements.js"

export interface Minimisation {
  /** Kept, and no role or service reads them for any purpose. */
  readonly unread: readonly string[]
  /** Neither read nor written by anybody. */
  readonly unused: readonly string[]
  /** Declared, and held by no role and no service. */
  readonly purposes: readonly string[]
  /** Declared, and asked by no cell. */
  readonly conditions: readonly string[]
}

/**
 * What is kept and used by nobody, as far as the policy file says: candidates for not being collected. Columns that say
 * where a row belongs, keys and subjects are used by the fence. It does not know what runs outside of the application.
 *
 * @throws WK002 not installed, or a table is missing · WK005 · WK009 · WK307 neither migrator nor administrator
 * @example const { unread } = await minimise(policy, { env: process.env })
 */
export async function minimise(policy: Policy, connection: Connection): Promise<Minimisation> {
  return await withInstalled(connection, async (client) => {
    const tables = await asOwner(client, policy, () => readTables(client, policy))
    const candidates = [...tables.values()].flatMap((table) => columnsOf(policy, table))
    const by = (kinds: readonly (typeof actions)[number][]) =>
      candidates.filter(({ table, column }) => !isCovered(policy, table, column, kinds)).map(({ name }) => name)
    const asked = policy.actors.flatMap(({ can }) =>
      [...can.values()].flatMap(({ rules }) =>
        actions.flatMap((action) => [rules[action]?.when, rules[action]?.after]),
      ),
    )
    return {
      unread: by(["read"]),
      unused: by(["create", "read", "update", ...handlingActions]),
      purposes: [...policy.purposes.keys()].filter(
        (one) => !policy.actors.some(({ purposes }) => purposes.includes(one)),
      ),
      conditions: Object.keys(policy.conditions).filter((one) => !asked.includes(one)),
    }
  })
}

function columnsOf(policy: Policy, table: TableFacts): { table: TableFacts; column: string; name: string }[] {
  const fence = [...table.key, ...Object.values(scopeOf(policy, table)), policy.tables.get(table.name)?.subject]
  return [...table.columns.keys()]
    .filter((column) => !fence.includes(column))
    .map((column) => ({ table, column, name: `${table.name}.${column}` }))
}

function isCovered(
  policy: Policy,
  table: TableFacts,
  column: string,
  kinds: readonly (typeof actions)[number][],
): boolean {
  return policy.actors.some(({ can }) =>
    kinds.some((action) => {
      const rule = can.get(table.name)?.rules[action]
      return rule !== undefined && covered(table, rule.columns).includes(column)
    }),
  )
}
