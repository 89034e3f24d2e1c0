import { quoteIdent } from "@wardkeep/core"
import { z } from "zod"

const column = z.object({
  name: z.string(),
  number: z.number(),
  type: z.string(),
  /** Type without domain and modifiers. */
  base: z.string(),
  /** `pg_type.typcategory`: S string, N number, U user (uuid, json), A array, D date and time, B boolean, E enum. */
  category: z.string(),
  enum: z.boolean(),
  notNull: z.boolean(),
  hasDefault: z.boolean(),
  generated: z.boolean(),
  /** a: always, d: by default. */
  identity: z.enum(["", "a", "d"]),
  /** Its default draws a new value for every row. */
  drawn: z.boolean(),
})

export const keyRow = z.object({
  relation: z.string(),
  name: z.string(),
  /** primary, unique, exclusion, foreign */
  kind: z.enum(["p", "u", "x", "f"]),
  columns: z.array(z.string()),
  hasExpression: z.boolean(),
  parent: z.string().nullable(),
  parentColumns: z.array(z.string()).nullable(),
  onDelete: z.string(),
  onUpdate: z.string(),
  definition: z.string(),
})

export const relationRow = z.object({
  oid: z.string(),
  schema: z.string(),
  name: z.string(),
  /** Table, partitioned table, view, materialized view, foreign table. */
  kind: z.enum(["r", "p", "v", "m", "f"]),
  rls: z.boolean(),
  forced: z.boolean(),
  owner: z.string(),
  ownerExempt: z.boolean(),
  tuples: z.number(),
  isPartition: z.boolean(),
  parent: z.string().nullable(),
  columns: z.array(column),
})

export type Column = z.output<typeof column>
export type Key = z.output<typeof keyRow>

/** How a row says whose it is. */
export type Tenancy =
  | { readonly by: "column"; readonly column: Column }
  /** Through a foreign key: the parent's tenant is the row's. */
  | { readonly by: "parent"; readonly key: Key; readonly parent: Relation }
  /** Through the only row that refers to it. */
  | { readonly by: "child"; readonly key: Key; readonly child: Relation }
  /** One tenant's own schema: all its rows are that tenant's. */
  | { readonly by: "schema"; readonly key: string }
  /** By what its rows say, which no constraint declares: a member of a document, a folder, the number of a parent. */
  | {
      readonly by: "derived"
      readonly columns: readonly string[]
      readonly tenant: (alias: string) => string
      /** In the row alone: no other table is read to know it. */
      readonly inRow: boolean
      /** True for rows of these tenants, where that is asked otherwise than by the tenant of each. */
      readonly belongs?: (alias: string, keys: readonly string[]) => string
    }
  /** The table of tenants itself. */
  | { readonly by: "root"; readonly column: Column }
  | { readonly by: "nothing" }
  | { readonly by: "global" }

export interface Relation extends z.output<typeof relationRow> {
  keys: readonly Key[]
  tenancy: Tenancy
}

export const labelOf = ({ schema, name }: { schema: string; name: string }): string => `${schema}.${name}`

export const quoted = ({ schema, name }: { schema: string; name: string }): string =>
  `${quoteIdent(schema)}.${quoteIdent(name)}`

export const isTable = ({ kind }: Relation): boolean => kind === "r" || kind === "p"

export const columnOf = (relation: Relation, name: string): Column | undefined =>
  relation.columns.find((column) => column.name === name)

export const foreignKeys = ({ keys }: Relation): Key[] => keys.filter(({ kind }) => kind === "f")

/** SQL that is true where the row of the one alias refers to that of the other by this foreign key. */
export const refersBy = ({ columns, parentColumns }: Key, child: string, parent: string): string =>
  columns
    .map((name, at) => `${parent}.${quoteIdent(parentColumns?.[at] ?? "")} = ${child}.${quoteIdent(name)}`)
    .join(" and ")

export const primaryKey = (relation: Relation): Key | undefined => relation.keys.find(({ kind }) => kind === "p")
