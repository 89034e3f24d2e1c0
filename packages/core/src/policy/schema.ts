import { z } from "zod"

const name = z.string().regex(/^[a-z_][a-z0-9_]{0,62}$/, "use lower-case letters, digits and underscores, at most 63")
const tableName = z
  .string()
  .regex(/^([a-z_][a-z0-9_]{0,62}\.)?[a-z_][a-z0-9_]{0,62}$/, "write `table` or `schema.table`, lower-case")
const column = z.string().min(1).max(63)
// Role names become PostgreSQL names with a prefix of at most 18 bytes; 40 leaves room for policy names built from them.
const roleName = z
  .string()
  .regex(/^[a-z][a-z0-9_]{0,39}$/, "use lower-case letters, digits and underscores, at most 40")

const duration = z
  .string()
  .regex(/^PT(?=\d)(\d+H)?(\d+M)?(\d+S)?$/, "write an ISO 8601 duration of hours, minutes and seconds, such as PT12H")

const scope = z.union(
  [
    z.enum(["global", "tenant", "branch", "unmanaged"]),
    z.strictObject({ through: tableName, by: column }),
    z.strictObject({ shared: tableName, by: column }),
  ],
  {
    error:
      "write scope: 'global', 'tenant', 'branch', 'unmanaged', { through: 'parent', by: 'parent_id' } or { shared: 'link_table', by: 'id_column' }",
  },
)

const table = z.strictObject({
  scope,
  subject: column.optional(),
  columns: z.record(name, z.array(column).min(1)).optional(),
  search: z
    .strictObject({ words: z.array(column).default([]), lastDigits: z.array(column).default([]) })
    .refine((s) => s.words.length + s.lastDigits.length > 0, "name at least one column under words or lastDigits")
    .optional(),
})

const columns = z.union([z.boolean(), z.array(column).min(1)], { error: "write true, false or a list of columns" })
const cell = z.union(
  [
    z.enum(["read", "manage"]),
    z.strictObject({
      read: columns.optional(),
      create: columns.optional(),
      update: columns.optional(),
      delete: z.boolean().optional(),
    }),
  ],
  { error: "write 'read', 'manage' or { read, create, update, delete } with true or a list of columns" },
)

const role = z.strictObject({
  extends: roleName.optional(),
  purposes: z.array(name).optional(),
  mfa: duration.optional(),
  mustExpire: z.boolean().optional(),
  can: z.record(tableName, cell).optional(),
})

const service = z.strictObject({ purposes: z.array(name).min(1), can: z.record(tableName, cell) })

export const policySchema = z.strictObject({
  deployment: z
    .string()
    .regex(/^[a-z][a-z0-9]{0,11}$/, "use 1 to 12 lower-case letters and digits: it becomes part of role names")
    .default("main"),
  schema: name.default("public"),
  tenancy: z.strictObject({
    tenant: tableName,
    branch: tableName,
    columns: z.strictObject({ tenant: column, branch: column }),
  }),
  rest: z
    .enum(["error", "unmanaged"], { error: "write rest: 'error' (every table must be listed) or 'unmanaged'" })
    .default("error"),
  tables: z.record(tableName, table),
  purposes: z.record(name, z.strictObject({ basis: z.string().min(1) })),
  roles: z.record(roleName, role),
  services: z.record(roleName, service).default({}),
  lookups: z
    .record(name, z.strictObject({ table: tableName, by: column, returns: z.array(column).min(1) }))
    .default({}),
})

export type PolicyDocument = z.output<typeof policySchema>
export type TableRule = z.output<typeof table>
export type Cell = z.output<typeof cell>
