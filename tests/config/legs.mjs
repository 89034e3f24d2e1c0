/**
 * Which database test files run on which server.
 *
 * `harness` reads WARDKEEP_TEST_LEG and starts that server. A leg takes every `*.db.test.ts` file
 * that its `joins` accepts; `available` says in words why it cannot run here, or returns undefined.
 *
 * @typedef {{ name: string, joins: (file: string) => boolean, available: () => string | undefined }} Leg
 */
import { existsSync } from "node:fs"
import { delimiter, join } from "node:path"

const bin15 = process.env.WARDKEEP_PG15_BIN ?? "/usr/lib/postgresql/15/bin"

/** Files that also run as an administrator who has CREATEROLE and CREATEDB only. */
export const limitedAdminFiles = []

const isPooler = (file) => file.endsWith(".pooler.db.test.ts")
const isLimitedAdmin = (file) => file.endsWith(".limited-admin.db.test.ts") || limitedAdminFiles.includes(file)

const inPath = (program) =>
  [...(process.env.PATH ?? "").split(delimiter), "/usr/sbin", "/usr/local/sbin"].some((directory) =>
    existsSync(join(directory, program)),
  )

const postgres15 = () => (existsSync(join(bin15, "initdb")) ? undefined : "PostgreSQL 15 is not installed")

/** @type {Leg[]} */
export const legs = [
  {
    name: "embedded18",
    joins: (file) => !isPooler(file) && !file.endsWith(".limited-admin.db.test.ts"),
    available: () => undefined,
  },
  {
    name: "pg15",
    joins: (file) => !isPooler(file) && !file.endsWith(".limited-admin.db.test.ts"),
    available: postgres15,
  },
  {
    name: "pgbouncer",
    joins: isPooler,
    available: () => (inPath("pgbouncer") ? postgres15() : "pgbouncer is not installed"),
  },
  { name: "limited-admin", joins: isLimitedAdmin, available: postgres15 },
]
