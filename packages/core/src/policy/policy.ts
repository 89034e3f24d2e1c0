import type { TableRule } from "./schema.js"

/** Columns a cell covers: all of them, or the ones listed. */
export type ColumnSet = "all" | readonly string[]

/** One cell of the matrix, in full: `false` means not at all. */
export interface Permission {
  readonly read: ColumnSet | false
  readonly create: ColumnSet | false
  readonly update: ColumnSet | false
  readonly delete: boolean
}

/** A database role the policy makes: a person's role or a service. */
export interface Actor {
  readonly kind: "role" | "service"
  readonly name: string
  readonly purposes: readonly string[]
  /** Seconds, or null when no second factor is asked for. */
  readonly mfaSeconds: number | null
  readonly mustExpire: boolean
  /** By qualified table name. */
  readonly can: ReadonlyMap<string, Permission>
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
  readonly purposes: ReadonlyMap<string, { readonly basis: string }>
  readonly actors: readonly Actor[]
  readonly lookups: readonly Lookup[]
  /** Never set: only the literal names of the policy file travel in it. */
  readonly literals?: {
    readonly table: Table
    readonly purpose: Purpose
    readonly role: Role
    readonly service: Service
  }
}
