import type { Action } from "./actions.js"
import type { Condition } from "./condition.js"
import type { Detection } from "./detection.js"
import type { PurposeRule, TableRule } from "./schema.js"

/** Columns a cell covers: all of them, or the ones listed. */
export type ColumnSet = "all" | readonly string[]

/** One action of one role on one table, and what it is tied to. */
export interface Rule {
  readonly columns: ColumnSet
  /** The condition that the row must satisfy; for `create` the new row. Null: every row of the scope. */
  readonly when: string | null
  /** For `update`: the condition that the changed row must satisfy. */
  readonly after: string | null
  /** The purposes it may be used for. Null: every purpose of the role. */
  readonly purposes: readonly string[] | null
  /** The second factor may not be older. Null: what the role asks for. */
  readonly mfaSeconds: number | null
}

/** One role's cells of one table: an action without a rule is not allowed at all. */
export interface Permission {
  readonly rules: { readonly [A in Action]?: Rule }
}

/** A database role the policy makes: a person's role or a service. */
export interface Actor {
  readonly kind: "role" | "service"
  readonly name: string
  readonly purposes: readonly string[]
  /** Seconds, or null when no second factor is asked for. */
  readonly mfaSeconds: number | null
  readonly mustExpire: boolean
  /** The roles that it may assign to others. */
  readonly mayGrant: readonly string[]
  /** Each of its contexts names the subjects it may reach; nothing else is shown. */
  readonly confined: boolean
  /** The roles of a declared combination; empty for every other role. */
  readonly combines: readonly string[]
  /** Itself, what it extends and what it combines: whoever holds it holds these, where duties must be separate. */
  readonly countsAs: readonly string[]
  /** By qualified table name. */
  readonly can: ReadonlyMap<string, Permission>
}

/** Emergencies: a second context, of a confined role, for exactly one subject. */
export interface BreakGlass {
  /** The confined role that it is opened as. */
  readonly role: string
  /** The roles that may declare one. */
  readonly from: readonly string[]
  readonly longestSeconds: number
  /** Codes, one of which must be given. */
  readonly reasons: readonly string[]
  /** The roles that review it. */
  readonly reviewedBy: readonly string[]
}

/** A branch shows one person to another branch: a second context there, of a confined role, for exactly that person. */
export interface Referral {
  /** The confined role that it is opened as; its cells are what can be referred at all. */
  readonly role: string
  /** The roles that may refer, and withdraw, in the branch of the person. */
  readonly from: readonly string[]
  /** The roles that may open it in the other branch. */
  readonly to: readonly string[]
  readonly longestSeconds: number
  /** Codes, one of which must be given. */
  readonly bases: readonly string[]
  /** Whether the role may do more than read. */
  readonly writes: boolean
}

/** What rightly crosses from one branch of a tenant to another. */
export interface Crossings {
  /** The table with one row per person. */
  readonly people: string
  readonly referral: Referral | null
  /** The roles that may move a person, with all that hangs on it, to another branch. */
  readonly movedBy: readonly string[]
  /** The roles that may put all of a branch into another and close it. */
  readonly mergedBy: readonly string[]
}

/** Sessions of the vendor's people in a clinic: read only, with listed columns only, for minutes. */
export interface Support {
  /** The role that they are opened as, and nothing else is. */
  readonly role: string
  /** The roles of the clinic that allow one, see them and end them. */
  readonly allowedBy: readonly string[]
  readonly longestSeconds: number
  /** Codes, one of which is given where nobody of the clinic allowed it. None: it must be allowed. */
  readonly breakGlass: readonly string[]
}

/** What is published of one table: one row of figures per month, each month once. */
export interface AggregateFigures {
  readonly name: string
  readonly table: string
  /** The column that is added up. Null: rows are counted. */
  readonly sum: string | null
  /** The column with the day or the time of a row; months are of UTC. */
  readonly month: string
  /** One cell per value of a closed list, and one for everything else. Null: one figure per month. */
  readonly by: { readonly column: string; readonly values: readonly string[] } | null
  readonly minimum: { readonly persons: number; readonly clinics: number }
  /** What one clinic and one person may have of a figure at most, in per cent. */
  readonly largest: { readonly clinic: number; readonly person: number }
  readonly roundTo: number
}

/** Figures over clinics that the vendor reads under a login of its own, of the clinics that agreed. */
export interface Aggregates {
  /** The service that counts, clinic by clinic. */
  readonly service: string
  /** The roles of a clinic that agree and withdraw. */
  readonly agreedBy: readonly string[]
  readonly figures: readonly AggregateFigures[]
}

/** Who the consent ledger is about, and who writes it. */
export interface ConsentRule {
  /** The table with one row per person. */
  readonly subjects: string
  /** Its column with the day of birth: who is a child is decided by it. */
  readonly born: string
  /** The roles that record what people decided. */
  readonly recordedBy: readonly string[]
  /** The roles that publish notices. */
  readonly noticesBy: readonly string[]
  /** The roles that decide requests of people about their data. */
  readonly rightsBy: readonly string[]
}

export interface Lookup {
  readonly name: string
  readonly table: string
  readonly by: string
  readonly returns: readonly string[]
}

/** A checked policy; table names are qualified (`schema.table`) and `extends` is resolved. The type parameters carry the literal names. */
export interface Policy<
  Table extends string = string,
  Purpose extends string = string,
  Role extends string = string,
  Service extends string = string,
  Named extends string = string,
> {
  readonly deployment: string
  readonly schema: string
  readonly tenancy: {
    readonly tenant: string
    readonly branch: string
    readonly columns: { readonly tenant: string; readonly branch: string }
  }
  readonly rest: "error" | "unmanaged"
  readonly tables: ReadonlyMap<string, TableRule>
  readonly purposes: ReadonlyMap<string, PurposeRule>
  /** By name; assignment tables are qualified. */
  readonly conditions: Readonly<Record<string, Condition>>
  readonly actors: readonly Actor[]
  readonly lookups: readonly Lookup[]
  /** `host`: the application says who holds what. `required`: sessions are issued from `wardkeep.assignment` only. */
  readonly assignments: "host" | "required"
  /** Pairs of roles that nobody holds at the same time in one tenant. */
  readonly exclusive: readonly (readonly [string, string])[]
  readonly breakGlass: BreakGlass | null
  /** Null: nothing is referred or moved. */
  readonly crossings: Crossings | null
  readonly support: Support | null
  /** Null: nothing is published over clinics, and the vendor has no login. */
  readonly aggregates: Aggregates | null
  /** Null: no ledger, and no purpose waits for consent. */
  readonly consent: ConsentRule | null
  /** Null: accesses are neither explained nor reviewed. */
  readonly detection: Detection | null
  /** How long the audit log is kept: a month of it may be dropped so many months after its end. */
  readonly auditLog: { readonly keepMonths: number }
  /** Never set: only the literal names of the policy file travel in it. */
  readonly literals?: {
    readonly table: Table
    readonly purpose: Purpose
    readonly role: Role
    readonly service: Service
    readonly condition: Named
  }
}
