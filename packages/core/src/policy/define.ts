import type { Action } from "./actions.js"
import type { Assigned, Condition } from "./condition.js"
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

/** Which accesses it explains; without any of them, every one. */
export interface ExplainsOnly<
  Table extends string = string,
  Purpose extends string = string,
  Role extends string = string,
> {
  readonly roles?: readonly Role[]
  readonly purposes?: readonly Purpose[]
  /** The tables whose rows were seen. */
  readonly tables?: readonly Table[]
}

/** Why somebody had to see a person's rows: a closed list of forms, each of which one sentence can state. */
export type ExplanationInput<
  Table extends string = string,
  Purpose extends string = string,
  Role extends string = string,
> = ExplainsOnly<Table, Purpose, Role> &
  (
    | {
        /** A table of the scope `branch`: a row of the same person in the same branch explains the access. */
        readonly row: Table
        /** Its column with the moment: a timestamp, or a date, which is the whole day. */
        readonly at: string
        /** From how long before that moment; an ISO 8601 duration, default none. */
        readonly before?: string
        /** Until how long after it. */
        readonly after?: string
        /** Its column with who it was for: the access must be theirs. */
        readonly actor?: string
      }
    /** A table of the scope `branch` with who was on duty, from when until when. Needs roles, purposes or tables. */
    | { readonly duty: Table; readonly actor: string; readonly from: string; readonly until: string }
    /** The actor was assigned the role in the branch at that moment. Needs roles, purposes or tables. */
    | { readonly assigned: true }
    /** Seen in the context of a referral that was open, or by who referred the person. */
    | { readonly referral: "open" }
    /** Seen in an emergency that a review found justified. */
    | { readonly emergency: "justified" }
  )

/** Which accesses are explained, who reviews the others, and from where on an alert is raised. */
export interface DetectionInput<
  Table extends string = string,
  Purpose extends string = string,
  Role extends string = string,
> {
  /** The roles that read the queue and record what came of it; nobody decides about their own access. */
  readonly reviewedBy: readonly Role[]
  readonly explanations: Readonly<Record<string, ExplanationInput<Table, Purpose, Role>>>
  /** Whose days and hours are meant; default `UTC`. */
  readonly zone?: string
  /** Opening hours, as `HH:MM`; `until` before `from` goes over midnight. */
  readonly hours?: { readonly from: string; readonly until: string }
  /** Where a person's number stands, such as a chart number: a walk is in the order of these, else of the subjects. */
  readonly numbers?: { readonly table: Table; readonly column: string }
  /** How many days of one person a role's measure rests on at least; default 30. */
  readonly volume?: { readonly least: number }
  /** So many persons in ascending order within a duration; default 8 within `PT10M`. */
  readonly walk?: { readonly persons: number; readonly within: string }
  /** So many refusals within a duration; default 20 within `PT1H`. */
  readonly refusals?: { readonly n: number; readonly within: string }
  /** How long an emergency may wait for its review; default `PT72H`. */
  readonly reviewWithin?: string
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
  /** The consent ledger; needed where a purpose waits for what people decide. */
  readonly consent?: ConsentInput<NoInfer<Table>, NoInfer<Role | Combined>>
  /** Accesses that an appointment, a duty or a referral explains; the others wait for the reviewers. */
  readonly detection?: DetectionInput<NoInfer<Table>, NoInfer<Purpose>, NoInfer<Role | Combined | Service>>
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
