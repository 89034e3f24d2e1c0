import { type Policy, quoteIdent, WardkeepError } from "@wardkeep/core"
import { inTenant, type Queryable } from "@wardkeep/postgres/migrate"
import { scopeOf, sqlTable, type TableFacts, typeOf } from "../catalog.js"

/** Where somebody stands, and where the rows are that they must not reach. */
export interface Places {
  readonly tenant: string
  readonly branch: string
  /** Another branch of the same tenant; null where there is none. */
  readonly sibling: string | null
  /** Another tenant; null where there is none. */
  readonly other: { readonly tenant: string; readonly branch: string } | null
}

export interface Wanted {
  readonly branch?: string | undefined
  readonly sibling?: string | undefined
  readonly other?: string | undefined
}

export const reason = "wardkeep matrix tests"
/** Tenants and branches that are looked at to find some with rows. */
const looked = { tenants: 6, branches: 12 }

interface Known {
  readonly tenant: string
  readonly branches: readonly string[]
}

/**
 * Three places: those named, else the branches in which most tables have rows.
 *
 * @throws WK009 no such branch, or not where it should be · WK002 no branch is known
 */
export async function choosePlaces(
  client: Queryable,
  policy: Policy,
  tables: readonly TableFacts[],
  known: readonly Known[],
  wanted: Wanted,
): Promise<Places> {
  const tenantOf = (flag: string, branch: string | undefined): string | undefined => {
    if (branch === undefined) return undefined
    const found = known.find(({ branches }) => branches.includes(branch))
    if (found === undefined) throw new WardkeepError("WK009", { message: `${flag} names no branch of this database` })
    return found.tenant
  }
  const named = { own: tenantOf("--branch", wanted.branch), other: tenantOf("--other", wanted.other) }
  const siblingTenant = tenantOf("--sibling", wanted.sibling)
  const ranked = await rank(client, policy, tables, candidates(known, [named.own ?? siblingTenant, named.other]))
  const tenant = named.own ?? siblingTenant ?? ranked.find(({ tenant }) => tenant !== named.other)?.tenant
  const own = ranked.find((one) => one.tenant === tenant)
  const branch = wanted.branch ?? own?.branches.find((one) => one !== wanted.sibling)
  if (tenant === undefined || branch === undefined)
    throw new WardkeepError("WK002", { message: "the database knows no branch", hint: "Add a tenant with addTenant." })
  const sibling = wanted.sibling ?? own?.branches.find((one) => one !== branch) ?? null
  if (
    sibling !== null &&
    (sibling === branch || siblingTenant === undefined ? sibling === branch : siblingTenant !== tenant)
  )
    throw new WardkeepError("WK009", { message: "--sibling names no other branch of the same tenant" })
  const elsewhere = ranked.find((one) =>
    named.other === undefined ? one.tenant !== tenant : one.tenant === named.other,
  )
  if (elsewhere?.tenant === tenant)
    throw new WardkeepError("WK009", { message: "--other names no branch of another tenant" })
  const there = wanted.other ?? elsewhere?.branches[0]
  const other = elsewhere === undefined || there === undefined ? null : { tenant: elsewhere.tenant, branch: there }
  return { tenant, branch, sibling, other }
}

/** Tenants with a sibling branch first, and those that were named in any case. */
function candidates(known: readonly Known[], named: readonly (string | undefined)[]): Known[] {
  const weight = ({ tenant, branches }: Known): number => (named.includes(tenant) ? 1000 : Math.min(branches.length, 2))
  return [...known].sort((a, b) => weight(b) - weight(a)).slice(0, Math.max(looked.tenants, named.length))
}

/** Branches with rows in most tables first, and tenants whose second branch has most. */
async function rank(
  client: Queryable,
  policy: Policy,
  tables: readonly TableFacts[],
  known: readonly Known[],
): Promise<Known[]> {
  const ranked: (Known & { readonly weight: number })[] = []
  for (const { tenant, branches } of known) {
    const some = branches.slice(0, looked.branches)
    const filled = await inTenant(client, policy, tenant, reason, (q) => countFilled(q, policy, tables, some))
    const of = (branch: string): number => filled.get(branch) ?? 0
    const sorted = [...some].sort((a, b) => of(b) - of(a))
    const weight = of(sorted[0] ?? "") + 2 * of(sorted[1] ?? "")
    ranked.push({ tenant, weight, branches: [...sorted, ...branches.slice(looked.branches)] })
  }
  return ranked.sort((a, b) => b.weight - a.weight)
}

async function countFilled(
  q: Queryable,
  policy: Policy,
  tables: readonly TableFacts[],
  branches: readonly string[],
): Promise<Map<string, number>> {
  const filled = new Map<string, number>()
  for (const table of tables) {
    const { branch } = scopeOf(policy, table)
    if (table.level !== "branch" || branch === null) continue
    const { rows } = await q.query<{ branch: string }>(
      `select k.branch from unnest($1::text[]) k(branch)
        where exists (select from ${sqlTable(table.name)} t where t.${quoteIdent(branch)} = k.branch::${typeOf(table, branch)})`,
      [branches],
    )
    for (const row of rows) filled.set(row.branch, (filled.get(row.branch) ?? 0) + 1)
  }
  return filled
}
