import { parsePolicy } from "./parse.js"
import type { Policy } from "./policy.js"

type Columns = boolean | readonly string[]

/** What a role may do with one table. */
export type CellInput =
  | "read"
  | "manage"
  | { readonly read?: Columns; readonly create?: Columns; readonly update?: Columns; readonly delete?: boolean }

export interface TableInput<Table extends string> {
  readonly scope:
    | "global"
    | "tenant"
    | "branch"
    | "unmanaged"
    | { readonly through: Table; readonly by: string }
    | { readonly shared: Table; readonly by: string }
  /** The column that says whom a row is about. */
  readonly subject?: string
  /** Named groups of columns, such as `sensitive`. */
  readonly columns?: Readonly<Record<string, readonly string[]>>
  readonly search?: { readonly words?: readonly string[]; readonly lastDigits?: readonly string[] }
}

export interface RoleInput<Table extends string, Purpose extends string, Role extends string> {
  readonly extends?: Role
  readonly purposes?: readonly Purpose[]
  /** The second factor may not be older than this ISO 8601 duration when a session is issued. */
  readonly mfa?: string
  /** An assignment without an end is refused. */
  readonly mustExpire?: boolean
  readonly can?: { readonly [T in Table]?: CellInput }
}

export interface PolicyInput<
  Table extends string,
  Purpose extends string,
  Role extends string,
  Service extends string,
> {
  readonly deployment?: string
  readonly schema?: string
  readonly tenancy: {
    readonly tenant: string
    readonly branch: string
    readonly columns: { readonly tenant: string; readonly branch: string }
  }
  readonly rest?: "error" | "unmanaged"
  readonly tables: { readonly [T in Table]: TableInput<NoInfer<Table>> }
  readonly purposes: { readonly [P in Purpose]: { readonly basis: string } }
  readonly roles: { readonly [R in Role]: RoleInput<NoInfer<Table>, NoInfer<Purpose>, NoInfer<Role>> }
  readonly services?: {
    readonly [S in Service]: {
      readonly purposes: readonly NoInfer<Purpose>[]
      readonly can: { readonly [T in NoInfer<Table>]?: CellInput }
    }
  }
  readonly lookups?: Readonly<
    Record<string, { readonly table: NoInfer<Table>; readonly by: string; readonly returns: readonly string[] }>
  >
}

/**
 * The policy file: one document from which roles, grants, policies and views follow. Unknown tables, roles and
 * purposes do not compile; at run time the message says where and what to write instead.
 *
 * @throws WK001 the document is not valid
 * @example
 * export default definePolicy({
 *   tenancy: { tenant: "clinic", branch: "branch", columns: { tenant: "clinic_id", branch: "branch_id" } },
 *   tables: { patient: { scope: "branch", subject: "id" } },
 *   purposes: { care: { basis: "s7a" } },
 *   roles: { doctor: { purposes: ["care"], can: { patient: "read" } } },
 * })
 */
export function definePolicy<
  const Table extends string,
  const Purpose extends string,
  const Role extends string,
  const Service extends string = never,
>(input: PolicyInput<Table, Purpose, Role, Service>): Policy<Table, Purpose, Role, Service> {
  return parsePolicy(input) as Policy<Table, Purpose, Role, Service>
}
