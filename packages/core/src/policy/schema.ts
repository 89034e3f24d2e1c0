import { z } from "zod"
import { type Action, actions, narrowableActions } from "./actions.js"
import { auditLogSchema } from "./audit-log.js"
import { conditionSchema } from "./condition.js"
import { detectionSchema } from "./detection.js"
import { duration, windowDuration } from "./duration.js"

const name = z.string().regex(/^[a-z_][a-z0-9_]{0,62}$/, "use lower-case letters, digits and underscores, at most 63")
const tableName = z
  .string()
  .regex(/^([a-z_][a-z0-9_]{0,62}\.)?[a-z_][a-z0-9_]{0,62}$/, "write `table` or `schema.table`, lower-case")
const column = z.string().min(1).max(63)
// Role names become PostgreSQL names with a prefix of at most 18 bytes; 40 leaves room for policy names built from them.
const roleName = z
  .string()
  .regex(
    /^[a-z][a-z0-9_]{0,39}$/,
    "use lower-case letters, digits and underscores, at most 40: PostgreSQL folds capitals and cuts what is longer",
  )
const conditionName = z
  .string()
  .regex(/^[a-z][a-z0-9_-]{0,39}$/, "use lower-case letters, digits, hyphens and underscores, at most 40")

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
  audit: z
    .strictObject({
      redact: z.array(column).min(1).optional(),
      views: z
        .union([z.literal(true), z.strictObject({ strict: z.array(column).min(1) })], {
          error: "write views: true or { strict: ['group or column'] }",
        })
        .optional(),
    })
    .refine((said) => said.redact !== undefined || said.views !== undefined, "write redact, views or both")
    .optional(),
  narrowable: z.array(z.enum(narrowableActions)).min(1).optional(),
})

const guarded = z
  .strictObject({
    when: conditionName.optional(),
    after: conditionName.optional(),
    columns: z.array(column).min(1).optional(),
    purposes: z.array(name).min(1).optional(),
    mfa: duration.optional(),
  })
  .refine((guard) => Object.values(guard).some((part) => part !== undefined), "write true, or what it is tied to")
export const cellValueSchema = z.union([z.boolean(), z.array(column).min(1), guarded], {
  error: "write true, false, a list of columns or { when, after, columns, purposes, mfa }",
})
const rowValue = z.union([z.boolean(), guarded], { error: "write true, false or { when, purposes, mfa }" }).optional()
const columnValue = cellValueSchema.optional()
const cell = z.union(
  [
    z.enum(["read", "manage"]),
    z.strictObject({
      create: columnValue,
      read: columnValue,
      update: columnValue,
      delete: rowValue,
      download: columnValue,
      print: columnValue,
      export: columnValue,
      share: columnValue,
    } satisfies Record<Action, typeof columnValue | typeof rowValue>),
  ],
  {
    error: `write 'read', 'manage' or { ${actions.join(", ")} } with true, a list of columns or { when, after, columns, purposes, mfa }`,
  },
)

const role = z.strictObject({
  extends: roleName.optional(),
  purposes: z.array(name).optional(),
  mfa: duration.optional(),
  mustExpire: z.boolean().optional(),
  mayGrant: z.array(roleName).optional(),
  confined: z.boolean().optional(),
  can: z.record(tableName, cell).optional(),
})

const breakGlass = z.strictObject({
  role: roleName,
  from: z.array(roleName).min(1),
  longest: duration,
  reasons: z.array(name).min(1),
  reviewedBy: z.array(roleName).min(1),
})

const crossings = z.strictObject({
  people: tableName,
  referral: z
    .strictObject({
      role: roleName,
      from: z.array(roleName).min(1),
      to: z.array(roleName).min(1),
      longest: windowDuration,
      bases: z.array(name).min(1),
      writes: z.boolean().default(false),
    })
    .optional(),
  movedBy: z.array(roleName).default([]),
  mergedBy: z.array(roleName).default([]),
})

const support = z.strictObject({
  role: roleName,
  allowedBy: z.array(roleName).min(1),
  longest: duration,
  breakGlass: z.array(name).min(1).optional(),
})

const whole = (from: number, to: number, what: string): z.ZodNumber =>
  z.int({ error: what }).min(from, what).max(to, what)
// What is published is one of these words or `other`, and nothing that stands in a row.
const cellValue = z
  .string()
  .regex(/^[A-Za-z0-9_][A-Za-z0-9_ .-]{0,39}$/, "use letters, digits, spaces and ._- , at most 40")

const figures = z.strictObject({
  table: tableName,
  measure: z.union([z.literal("rows"), z.strictObject({ sum: column })], {
    error: "write measure: 'rows' or { sum: 'column' }",
  }),
  month: column,
  by: z
    .strictObject(
      { column, values: z.array(cellValue).min(1).max(20, "a closed list of at most 20 values") },
      { error: "write by: { column, values }, a closed list of at most 20 values" },
    )
    .optional(),
  minimum: z.strictObject({
    persons: whole(5, 1_000_000, "at least 5 persons"),
    clinics: whole(3, 10_000, "at least 3 clinics"),
  }),
  largest: z.strictObject({
    clinic: whole(1, 60, "a percentage from 1 to 60"),
    person: whole(1, 25, "a percentage from 1 to 25"),
  }),
  roundTo: whole(5, 1_000_000_000, "a whole number from 5"),
})

const aggregates = z.strictObject({
  service: roleName,
  agreedBy: z.array(roleName).min(1),
  figures: z.record(roleName, figures),
})

const purpose = z.strictObject({
  basis: z.string().min(1),
  objection: z.literal("stops", { error: "write objection: 'stops', or leave it out" }).optional(),
  children: z.enum(["parent", "forbidden"], { error: "write children: 'parent' or 'forbidden'" }).optional(),
})

const consent = z.strictObject({
  subjects: tableName,
  born: column,
  recordedBy: z.array(roleName).min(1),
  noticesBy: z.array(roleName).min(1),
  rightsBy: z.array(roleName).default([]),
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
  purposes: z.record(name, purpose),
  conditions: z.record(conditionName, conditionSchema).default({}),
  roles: z.record(roleName, role),
  services: z.record(roleName, service).default({}),
  assignments: z
    .enum(["host", "required"], { error: "write assignments: 'host' (kept by your application) or 'required'" })
    .default("host"),
  combinations: z.record(roleName, z.array(roleName).min(2)).default({}),
  exclusive: z.array(z.tuple([roleName, roleName])).default([]),
  breakGlass: breakGlass.optional(),
  crossings: crossings.optional(),
  support: support.optional(),
  aggregates: aggregates.optional(),
  consent: consent.optional(),
  detection: detectionSchema.optional(),
  auditLog: auditLogSchema,
  lookups: z
    .record(name, z.strictObject({ table: tableName, by: column, returns: z.array(column).min(1) }))
    .default({}),
})

export type PolicyDocument = z.output<typeof policySchema>
export type TableRule = z.output<typeof table>
export type PurposeRule = z.output<typeof purpose>
export type Cell = z.output<typeof cell>
export type CellValue = z.output<typeof cellValueSchema>
