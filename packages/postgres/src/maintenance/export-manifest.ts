import { readFile } from "node:fs/promises"
import { join } from "node:path"
import { type Policy, WardkeepError } from "@wardkeep/core"
import type { Catalog } from "../compile/catalog.js"
import { resolveScopes, type ScopedTable } from "../compile/scope.js"

/**
 * What Wardkeep keeps about a tenant and nothing else could make again. Narrowings come first: at no time may a restored
 * tenant have less taken from its roles than before.
 */
export const recordTables: readonly string[] = [
  "wardkeep.narrowing",
  "wardkeep.assignment",
  "wardkeep.break_glass",
  "wardkeep.referral",
  "wardkeep.move",
  "wardkeep.support",
]

/**
 * The consent ledger, parents first. An export carries it wherever the schema is: a clinic that came back without it would
 * have lost objections.
 */
export const ledgerTables: readonly string[] = [
  "wardkeep_consent.notice",
  "wardkeep_consent.notice_text",
  "wardkeep_consent.event",
  "wardkeep_consent.carried",
  "wardkeep_consent.standing",
  "wardkeep_consent.reach",
  "wardkeep_consent.rights_event",
  "wardkeep_consent.unverified",
]

/** One table of an export: its file in COPY's text format, and how many rows of which tenant are in it. */
export interface ExportedTable {
  readonly table: string
  readonly file: string
  readonly columns: readonly string[]
  readonly rows: number
  readonly sha256: string
  /** Rows per tenant; empty for a global table. */
  readonly tenants: Readonly<Record<string, number>>
}

export interface ExportManifest {
  readonly format: "wardkeep-export-3"
  readonly serverVersion: number
  readonly startedAt: string
  readonly tables: readonly ExportedTable[]
  /** Narrowings, assignments, emergencies, referrals, moves and support sessions; then the consent ledger, where there is one. */
  readonly records: readonly ExportedTable[]
  /** Whether the database had a consent ledger, which is then among the records. */
  readonly ledger: boolean
  /** Tables of these schemas that Wardkeep does not cover and therefore did not export. */
  readonly notCovered: readonly string[]
  /** Tables of Wardkeep itself that a restore does not bring back: sessions, keys, activity, the audit log. */
  readonly leftOut: readonly string[]
  readonly branchGroups: readonly {
    readonly tenant: string
    readonly name: string
    readonly branches: readonly string[]
  }[]
}

export const manifestFile = "manifest.json"

/** @throws WK307 no manifest, or one of another format */
export async function readExportManifest(directory: string): Promise<ExportManifest> {
  let found: unknown
  try {
    found = JSON.parse(await readFile(join(directory, manifestFile), "utf8"))
  } catch (cause) {
    throw new WardkeepError("WK307", {
      message: "the directory holds no finished export: its manifest is written last",
      cause,
    })
  }
  if (!isManifest(found))
    throw new WardkeepError("WK307", { message: "the manifest is not of format wardkeep-export-3" })
  return found
}

function isManifest(value: unknown): value is ExportManifest {
  return (
    typeof value === "object" &&
    value !== null &&
    "format" in value &&
    value.format === "wardkeep-export-3" &&
    "tables" in value &&
    "records" in value &&
    Array.isArray(value.records) &&
    "ledger" in value &&
    // Their names go into statements, and one that is missing would give back what a tenant took from a role, or lose an objection.
    value.records.map((record) => record?.table).join() ===
      [...recordTables, ...(value.ledger === false ? [] : ledgerTables)].join()
  )
}

export interface ExportOrder {
  readonly tables: readonly ScopedTable[]
  readonly notCovered: readonly string[]
}

/** Parents before children: the tenant table first, the branch table next, then by foreign keys. */
export function exportOrder(policy: Policy, catalog: Catalog): ExportOrder {
  const { scoped, findings } = resolveScopes(policy, catalog)
  const done = new Set<string>()
  const tables: ScopedTable[] = []
  const visit = (entry: ScopedTable, path: readonly string[]): void => {
    const { name } = entry.table
    if (done.has(name) || path.includes(name)) return
    for (const parent of parents(entry)) {
      const found = scoped.get(parent)
      if (found !== undefined) visit(found, [...path, name])
    }
    done.add(name)
    tables.push(entry)
  }
  for (const first of [policy.tenancy.tenant, policy.tenancy.branch]) {
    const entry = scoped.get(first)
    if (entry !== undefined) visit(entry, [])
  }
  for (const entry of scoped.values()) visit(entry, [])
  const notCovered = findings
    .filter((finding) => finding.check === "table-not-covered")
    .map((finding) => finding.object)
  return { tables, notCovered }
}

function parents(entry: ScopedTable): string[] {
  const keys = entry.table.constraints
    .filter((k) => k.type === "f")
    .flatMap((k) => (k.parent === null ? [] : [k.parent]))
  return entry.through === null ? keys : [...keys, entry.through.parent]
}

export function exportedColumns(entry: ScopedTable): string[] {
  return [...entry.table.columns.values()].filter((column) => !column.generated).map((column) => column.name)
}
