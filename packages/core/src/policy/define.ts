import type { Action } from "./actions.js"
import type { Assigned, Condition } from "./condition.js"
import type { DetectionInput } from "./detection-input.js"
import { parsePolicy } from "./parse.js"
import type { Policy } from "./policy.js"

/** What a cell is tied to. At least one member is given. */
export interface GuardInput<Purpose extends string = string, Named extends string = string> {
  /** The condition that the row must satisfy, by its name under `conditions`. */
  readonly when?: Named
  /** For `update`: the condition that the changed row must satisfy; without it, `when` again. */
  readonly after?: Named
  readonly columns?: readonly string[]
  readonly purposes?: readonly Purpose[]
  /** The second factor may not be older than this ISO 8601 duration when the cell is used. */
  readonly mfa?: string
}

/** What a role may do with one table. `download`, `print`, `export` and `share` need `read`. */
export type CellInput<Purpose extends string = string, Named extends string = string> =
  | "read"
  | "manage"
  | ({ readonly [A in Exclude<Action, "delete">]?: boolean | readonly string[] | GuardInput<Purpose, Named> } & {
      readonly delete?: boolean | Omit<GuardInput<Purpose, Named>, "columns" | "after">
    })

/** A condition as it is written in a policy file; see {@link Condition} for when each form holds. */
export type ConditionInput<Table extends string = string> =
  | Exclude<Condition, { all: unknown } | { any: unknown } | { assigned: unknown }>
  | { readonly assigned: Omit<Assigned, "table"> & { readonly table: Table } }
  | { readonly all: readonly ConditionInput<Table>[] }
  | { readonly any: readonly ConditionInput<Table>[] }

/** What the audit log does with a table beside recording its writes. */
export interface AuditInput {
  /** Columns, or groups of `columns`, whose values stay out of the audit log; that they changed is still recorded. */
  readonly redact?: readonly string[]
  /**
   * Record who saw rows of this table through the client. `strict` names columns, or groups of `columns`: what would show
   * them without saying whose they are is refused (WK412).
   */
  readonly views?: true | { readonly strict: readonly string[] }
}

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
  /** Actions that a clinic may take from a role at run time; each costs one look-up per statement that uses it. */
  readonly narrowable?: readonly ("create" | "read" | "update" | "delete")[]
  readonly search?: { readonly words?: readonly string[]; readonly lastDigits?: readonly string[] }
  readonly audit?: AuditInput
}

export interface PurposeInput {
  /** The legal ground. With `consent`, the purpose reaches a person only after that person said yes. */
  readonly basis: string
  /** `stops`: the purpose no longer reaches who objected. */
  readonly objection?: "stops"
  /** Of a purpose with the basis `consent`: whether a parent may say yes for a child (the default), or nobody. */
  readonly children?: "parent" | "forbidden"
}

export interface ConsentInput<Table extends string = string, Role extends string = string> {
  /** The table with one row per person; it names a `subject`. */
  readonly subjects: Table
  /** Its column with the day of birth. */
  readonly born: string
  /** The roles that record what people decided; the person's own, confined role may be among them. */
  readonly recordedBy: readonly Role[]
  /** The roles that publish notices. */
  readonly noticesBy: readonly Role[]
  /** The roles that decide what people ask for under sections 11 to 14 of the DPDP Act; nobody when left out. */
  readonly rightsBy?: readonly Role[]
}

export interface RoleInput<
  Table extends string,
  Purpose extends string,
  Role extends string,
  Named extends string = string,
> {
  readonly extends?: Role
  readonly purposes?: readonly Purpose[]
  /** The second factor may not be older than this ISO 8601 duration when a session is issued. */
  readonly mfa?: string
  /** An assignment without an end is refused. */
  readonly mustExpire?: boolean
  /** The roles that it may assign to others, within its own branches. */
  readonly mayGrant?: readonly Role[]
  /** Each context names the subjects it reaches: for patients, guardians, break-glass and referrals. */
  readonly confined?: boolean
  readonly can?: { readonly [T in Table]?: CellInput<Purpose, Named> }
}

/** Emergencies: as which confined role, who may declare one, how long it lasts, with which codes, who reviews it. */
export interface BreakGlassInput<Role extends string = string> {
  readonly role: Role
  readonly from: readonly Role[]
  /** An ISO 8601 duration. */
  readonly longest: string
  /** Codes, one of which must be given. */
  readonly reasons: readonly string[]
  readonly reviewedBy: readonly Role[]
}

/** What rightly crosses from one branch of a tenant to another: referrals, moves and mergers. */
export interface CrossingsInput<Table extends string = string, Role extends string = string> {
  /** The table with one row per person; it names a `subject` and has the scope `branch`. */
  readonly people: Table
  readonly referral?: {
    /** A confined role of one purpose; its cells are what can be referred at all. */
    readonly role: Role
    /** Who may refer, and withdraw, in the branch of the person. */
    readonly from: readonly Role[]
    /** Who may open it in the other branch. */
    readonly to: readonly Role[]
    /** An ISO 8601 duration, such as `P30D`. */
    readonly longest: string
    /** Codes, one of which must be given. */
    readonly bases: readonly string[]
    /** Without it, a role that may do more than read is refused. */
    readonly writes?: boolean
  }
  /** Who may move a person, with all that hangs on it, to another branch. */
  readonly movedBy?: readonly Role[]
  /** Who may put all of a branch into another and close it. */
  readonly mergedBy?: readonly Role[]
}

/** Support sessions of the vendor: as which role, which roles of a clinic allow and end one, how long it lasts. */
export interface SupportInput<Role extends string = string> {
  /** It reads only, and names its columns: none of a group under `tables.<table>.columns`. */
  readonly role: Role
  readonly allowedBy: readonly Role[]
  /** An ISO 8601 duration. */
  readonly longest: string
  /** Codes for a session that nobody of the clinic allowed; without them there is none. */
  readonly breakGlass?: readonly string[]
}

/** One table's figures over clinics; each month is published once. */
export interface FiguresInput<Table extends string = string> {
  /** It names a `subject` and belongs to a clinic or a branch. No other figures count the same table. */
  readonly table: Table
  readonly measure: "rows" | { readonly sum: string }
  /** A column of type date, timestamp or timestamptz; months are of UTC. */
  readonly month: string
  /** At most 20 values; rows with another one are counted as `other`. */
  readonly by?: { readonly column: string; readonly values: readonly string[] }
  /** Below either, a figure is suppressed: at least 5 persons and 3 clinics. */
  readonly minimum: { readonly persons: number; readonly clinics: number }
  /** Above either, in per cent of a figure, it is suppressed: at most 60 for a clinic, 25 for a person. */
  readonly largest: { readonly clinic: number; readonly person: number }
  /** Figures are rounded to a multiple of it, at least 5. */
  readonly roundTo: number
}

/** What the vendor reads over clinics that agreed, under a login of its own. */
export interface AggregatesInput<
  Table extends string = string,
  Role extends string = string,
  Service extends string = string,
> {
  /** It counts clinic by clinic, and reads the columns that are used. */
  readonly service: Service
  /** The roles of a clinic that agree and withdraw, in a context of every branch. */
  readonly agreedBy: readonly Role[]
  readonly figures: Readonly<Record<string, FiguresInput<Table>>>
}

export interface PolicyInput<
  Table extends string,
  Purpose extends string,
  Role extends string,
  Service extends string,
  Named extends string = string,
  Combined extends string = string,
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
  readonly purposes: { readonly [P in Purpose]: PurposeInput }
  /** Conditions on rows, defined once and named by cells. */
  readonly conditions?: { readonly [C in Named]: ConditionInput<NoInfer<Table>> }
  readonly roles: {
    readonly [R in Role]: Omit<
      RoleInput<NoInfer<Table>, NoInfer<Purpose>, NoInfer<Role>, NoInfer<Named>>,
      "mayGrant"
    > & {
      readonly mayGrant?: readonly NoInfer<Role | Combined>[]
    }
  }
  /** Several roles that one person holds at once, as one role of this name. */
  readonly combinations?: { readonly [C in Combined]: readonly NoInfer<Role>[] }
  /** Pairs of roles that nobody may hold at the same time in one tenant. */
  readonly exclusive?: readonly (readonly [NoInfer<Role | Combined>, NoInfer<Role | Combined>])[]
  /** `required`: sessions are issued from assignments in the database only. Default `host`: your application says. */
  readonly assignments?: "host" | "required"
  readonly breakGlass?: BreakGlassInput<NoInfer<Role | Combined>>
  readonly crossings?: CrossingsInput<NoInfer<Table>, NoInfer<Role | Combined>>
  readonly support?: SupportInput<NoInfer<Role | Combined>>
  readonly aggregates?: AggregatesInput<NoInfer<Table>, NoInfer<Role | Combined>, NoInfer<Service>>
  /** The consent ledger; needed where a purpose waits for what people decide. */
  readonly consent?: ConsentInput<NoInfer<Table>, NoInfer<Role | Combined>>
  /** Accesses that an appointment, a duty or a referral explains; the others wait for the reviewers. */
  readonly detection?: DetectionInput<NoInfer<Table>, NoInfer<Purpose>, NoInfer<Role | Combined | Service>>
  /**
   * `keep`: how long the audit log is kept, in whole years and months, at least `P1Y`; default `P13M`. The DPDP Rules, 2025, rule
   * 6(1)(e), keep logs for a year from 13 May 2027 on. Nothing is dropped by itself: `wardkeep audit drop-month` does it.
   */
  readonly auditLog?: { readonly keep: string }
  readonly services?: {
    readonly [S in Service]: {
      readonly purposes: readonly NoInfer<Purpose>[]
      readonly can: { readonly [T in NoInfer<Table>]?: CellInput<NoInfer<Purpose>, NoInfer<Named>> }
    }
  }
  readonly lookups?: Readonly<
    Record<string, { readonly table: NoInfer<Table>; readonly by: string; readonly returns: readonly string[] }>
  >
}

/**
 * The policy file: one document from which roles, grants, policies and views follow. Unknown tables, roles,
 * purposes and conditions do not compile; at run time the message says where and what to write instead.
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
  const Named extends string = never,
  const Combined extends string = never,
>(
  input: PolicyInput<Table, Purpose, Role, Service, Named, Combined>,
): Policy<Table, Purpose, Role | Combined, Service, Named> {
  return parsePolicy(input) as Policy<Table, Purpose, Role | Combined, Service, Named>
}
