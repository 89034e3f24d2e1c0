import { existsSync, readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { z } from "zod"

const severity = z.enum(["leak", "oracle", "hygiene"])

/** A finding that a good tester would report. It counts when its severity and one of the objects agree. */
const expectation = z.strictObject({
  severity: z.union([severity, z.array(severity).nonempty()]),
  /** `schema.name`, `schema.table.column`, a role or `database`. `*` accepts whatever is named. */
  objects: z.array(z.string()).nonempty(),
})

const connect = z.strictObject({
  user: z.string(),
  role: z.string().optional(),
  settings: z.record(z.string(), z.string()).optional(),
})

const target = z.strictObject({
  tenants: z.array(z.strictObject({ name: z.string(), key: z.string(), connect })).min(2),
  tenantColumns: z.union([z.array(z.string()), z.record(z.string(), z.string())]),
  schemas: z.array(z.string()).nonempty(),
  global: z.array(z.string()),
})

const description = z.strictObject({
  /** One plain sentence: whose system it is, and what is wrong or only looks wrong. */
  what: z.string().min(20),
  /** What went wrong, for the detection per class; of a clean system, what it tempts a tester to say. */
  class: z.string(),
  context: z.enum(["settings", "claims", "role", "login", "array", "hierarchy", "membership", "token"]),
  /** The application's login, which the tool under test is given. */
  app: z.string(),
  target,
  /** The planted faults; empty in a clean system. */
  expect: z.array(expectation),
  /** True as well, and not the point: neither demanded nor a false alarm. */
  tolerate: z.array(expectation),
  /** What the proof shows. Default: the word that every row of another tenant carries. */
  shows: z.string().optional(),
  /** The leak is PostgreSQL's own and is gone at the security floor. */
  belowFloorOnly: z.boolean().optional(),
  /** The first major version that has what the system uses; older servers cannot load it. Default: all. */
  from: z.int().optional(),
})

export type Expectation = z.infer<typeof expectation>
export type Target = z.infer<typeof target>
export type Tenant = Target["tenants"][number]

export interface System extends z.infer<typeof description> {
  readonly slug: string
  readonly kind: Kind
  readonly schemaSql: string
  /** Of a faulty system, the proof of the leak; of a clean one, attempts of its own that must fail. */
  readonly attackSql: string | undefined
}

export const kinds = ["faulty", "clean"] as const
export type Kind = (typeof kinds)[number]

/** Every row of a tenant other than the first carries this word, and no other row does. */
export const canary = "bravo"

/** All systems below `folder`, in order of kind and name. */
export function readSystems(folder: string): System[] {
  return kinds.flatMap((kind) => {
    const slugs = readdirSync(join(folder, kind)).sort()
    return slugs.map((slug) => readSystem(join(folder, kind, slug), kind, slug))
  })
}

function readSystem(folder: string, kind: Kind, slug: string): System {
  const text = (name: string) => readFileSync(join(folder, name), "utf8")
  const parsed = description.safeParse(JSON.parse(text("system.json")))
  if (!parsed.success) throw new Error(`${kind}/${slug}/system.json: ${z.prettifyError(parsed.error)}`)
  const attack = kind === "faulty" ? "leak.sql" : "attack.sql"
  return {
    ...parsed.data,
    slug,
    kind,
    schemaSql: text("schema.sql"),
    attackSql: existsSync(join(folder, attack)) ? text(attack) : undefined,
  }
}

/** Whether the server has what the system uses. */
export function canLoad({ from = 0 }: Pick<System, "from">, serverVersionNum: number): boolean {
  return Math.trunc(serverVersionNum / 10_000) >= from
}

/** The published floors; below them row-level security itself has holes. */
const floors: Readonly<Record<number, number>> = { 18: 7, 17: 12, 16: 16, 15: 20, 14: 25 }

export function isBelowFloor(serverVersionNum: number): boolean {
  const major = Math.trunc(serverVersionNum / 10_000)
  return serverVersionNum % 10_000 < (floors[major] ?? (major < 14 ? 10_000 : 0))
}
