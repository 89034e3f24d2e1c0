import { z } from "zod"

const text = z.string().min(1)
const key = z.union([z.string(), z.number()]).transform(String)

const connect = z.strictObject({
  /** Login; overrides the one of the application's URL. */
  user: text.optional(),
  password: z.string().optional(),
  /** `SET LOCAL ROLE`, first in every transaction of this tenant. */
  role: text.optional(),
  /** Transaction-local settings. */
  settings: z.record(text, z.union([z.string(), z.number(), z.boolean()]).transform(String)).default({}),
  /** SQL that ends the beginning of each transaction, such as `select app.enter('token')`. */
  statements: z.array(text).default([]),
})

const tenant = z.strictObject({
  name: text,
  /** Value of the tenant column in this tenant's rows; several where the tenant covers several branches. */
  key: z.union([key.transform((one) => [one]), z.array(key)]).optional(),
  connect: connect.prefault({}),
})

/** The file `target.json`. */
export const targetSchema = z.strictObject({
  $schema: z.string().optional(),
  tenants: z.array(tenant).default([]),
  tenantColumns: z.union([z.array(text), z.record(text, text)]).default([]),
  schemas: z.array(text).default([]),
  global: z.array(text).default([]),
  /** Tables of which `--init` could not say whose rows they hold: none of them left is what a pass needs. */
  undecided: z.array(text).default([]),
  /** Treat a context that SQL can set as a leak: the application is known to pass SQL through. */
  sqlInjectable: z.boolean().default(false),
  /** Count published holes of the server's version in the verdict, not only in the findings. */
  countServerHoles: z.boolean().default(false),
})

export type Target = z.output<typeof targetSchema>
export type TargetInput = z.input<typeof targetSchema>
export type TenantTarget = Target["tenants"][number]
