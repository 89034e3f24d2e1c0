import { WardkeepError } from "@wardkeep/core"
import { type Language, moduleText } from "./wiring/source.js"

export interface SeenTable {
  readonly name: string
  readonly owner: string
  readonly columns: readonly string[]
  readonly key: readonly string[]
  /** Single-column foreign keys and the referring column of composite ones: column → table. */
  readonly references: Readonly<Record<string, readonly string[]>>
}

export interface Named {
  readonly tenantTable?: string | undefined
  readonly branchTable?: string | undefined
  readonly tenantColumn?: string | undefined
  readonly branchColumn?: string | undefined
}

export interface Draft {
  readonly schema: string
  readonly tenancy: {
    readonly tenant: string
    readonly branch: string
    readonly columns: { readonly tenant: string; readonly branch: string }
  }
  readonly tables: readonly { readonly name: string; readonly scope: "branch" | "tenant" | "unmanaged" }[]
  /** Left out: their names cannot be written in a policy file. */
  readonly skipped: readonly string[]
}

const tenantColumns = [
  "clinic_id",
  "tenant_id",
  "organisation_id",
  "organization_id",
  "org_id",
  "hospital_id",
  "practice_id",
]
const branchColumns = ["branch_id", "site_id", "facility_id", "location_id", "centre_id", "center_id"]
const writable = /^[a-z_][a-z0-9_]{0,62}$/

/**
 * Guesses a first policy from the names of columns: tables with the branch column get scope `branch`, tables with the
 * tenant column alone `tenant`, all others stay `unmanaged`. Nothing is asked.
 *
 * @throws WK009 the tenant or branch column or table cannot be told
 */
export function draftPolicy(schema: string, tables: readonly SeenTable[], named: Named = {}): Draft {
  const skipped = tables.filter((table) => !writable.test(table.name)).map((table) => table.name)
  const usable = tables.filter((table) => writable.test(table.name))
  const tenant = column(usable, named.tenantColumn, tenantColumns, "tenant")
  const branch = column(usable, named.branchColumn, branchColumns, "branch")
  const tenancy = {
    tenant: parent(usable, tenant, named.tenantTable, "tenant"),
    branch: parent(usable, branch, named.branchTable, "branch"),
    columns: { tenant, branch },
  }
  const scoped = usable.map((table) => ({ name: table.name, scope: scopeOf(table, tenancy) }))
  return { schema, tenancy, tables: scoped, skipped }
}

function scopeOf(table: SeenTable, tenancy: Draft["tenancy"]): "branch" | "tenant" | "unmanaged" {
  if (table.name === tenancy.tenant || table.name === tenancy.branch) return "tenant"
  if (!table.columns.includes(tenancy.columns.tenant)) return "unmanaged"
  return table.columns.includes(tenancy.columns.branch) ? "branch" : "tenant"
}

type Kind = "tenant" | "branch"

function column(
  tables: readonly SeenTable[],
  named: string | undefined,
  candidates: readonly string[],
  kind: Kind,
): string {
  const uses = (name: string): number => tables.filter((table) => table.columns.includes(name)).length
  if (named !== undefined) {
    if (uses(named) > 0) return named
    throw new WardkeepError("WK009", {
      message: `no table has the column ${named}`,
      hint: `Correct --${kind}-column.`,
    })
  }
  const best = candidates.toSorted((a, b) => uses(b) - uses(a))[0]
  if (best !== undefined && uses(best) > 0) return best
  throw new WardkeepError("WK009", {
    message: `no table has a ${kind} column that is recognised (${candidates.join(", ")})`,
    hint: `Name it with --${kind}-column, or add the column with a migration of yours first.`,
  })
}

/** The table that the column refers to, else the one it is named after. */
function parent(tables: readonly SeenTable[], scope: string, named: string | undefined, kind: Kind): string {
  const exists = (name: string): boolean => tables.some((table) => table.name === name)
  if (named !== undefined) {
    if (exists(named)) return named
    throw new WardkeepError("WK009", { message: `there is no table ${named}`, hint: `Correct --${kind}-table.` })
  }
  const noun = scope.replace(/_id$/, "")
  const byName = [noun, `${noun}s`, `${noun}es`].find(exists)
  if (byName !== undefined) return byName
  const referred = new Set(tables.flatMap((table) => table.references[scope] ?? []))
  const [only] = referred
  if (only !== undefined && referred.size === 1 && exists(only)) return only
  throw new WardkeepError("WK009", {
    message: `the table that ${scope} refers to cannot be told`,
    hint: `Name it with --${kind}-table.`,
  })
}

/** Whoever may make a table chooses its name: a line break in it would end the comment, and what follows would be run. */
function inComment(name: string): string {
  const codeOf = (one: string): string => `\\u{${one.codePointAt(0)?.toString(16)}}`
  return `"${name.replace(/[\p{C}\p{Zl}\p{Zp}]/gu, codeOf)}"`
}

/** A policy file. The text is the same in each language but for how a module is written. */
export function policyText(draft: Draft, language: Language): string {
  const managed = draft.tables.filter((table) => table.scope !== "unmanaged")
  const tables = draft.tables.map((table) => `    ${table.name}: { scope: "${table.scope}" },`)
  const can = managed.map((table) => `        ${table.name}: ${table.scope === "branch" ? '"manage"' : '"read"'},`)
  const skipped =
    draft.skipped.length === 0
      ? ""
      : `  // Not covered, because the name cannot be written here: ${draft.skipped.map(inComment).join(", ")}\n`
  const { tenant, branch, columns } = draft.tenancy
  return moduleText(
    language,
    [{ from: "wardkeep/policy", names: ["definePolicy"] }],
    () => `// Made by \`wardkeep init\` from the names of columns. Read it line by line: a wrong scope is a wrong wall.
export default definePolicy({
${draft.schema === "public" ? "" : `  schema: "${draft.schema}",\n`}  tenancy: {
    tenant: "${tenant}",
    branch: "${branch}",
    columns: { tenant: "${columns.tenant}", branch: "${columns.branch}" },
  },
  // Tables that are not listed stay as they are and are reported as NOT COVERED.
  rest: "unmanaged",
${skipped}  tables: {
${tables.join("\n")}
  },
  // The legal ground of each purpose is for your counsel to name.
  purposes: { care: { basis: "to be named" } },
  // One role to start with. Replace it by the roles of your clinic, each with what it needs.
  roles: {
    staff: {
      purposes: ["care"],
      can: {
${can.join("\n")}
      },
    },
  },
})
`,
  )
}

/** The same as a JSON document. */
export function policyJson(draft: Draft): string {
  const managed = draft.tables.filter((table) => table.scope !== "unmanaged")
  const document = {
    schema: draft.schema,
    tenancy: draft.tenancy,
    rest: "unmanaged",
    tables: Object.fromEntries(draft.tables.map((table) => [table.name, { scope: table.scope }])),
    purposes: { care: { basis: "to be named" } },
    roles: {
      staff: {
        purposes: ["care"],
        can: Object.fromEntries(managed.map((table) => [table.name, table.scope === "branch" ? "manage" : "read"])),
      },
    },
  }
  return `${JSON.stringify(document, null, 2)}\n`
}
