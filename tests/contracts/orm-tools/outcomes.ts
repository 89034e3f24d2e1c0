/** What a tool that compares a whole schema makes of Wardkeep's objects; the test demands it, and the page prints it. */
export interface Outcome {
  readonly command: string
  readonly library: string
  readonly does: string
  readonly doctor: string
  readonly instead: string
}

const none = "nothing to say"

export const outcomes = {
  generate: {
    command: "`drizzle-kit generate`",
    library: "drizzle-kit",
    does: "nothing: it reads no database",
    doctor: none,
    instead: "use it, and run its files as the owner",
  },
  push: {
    command: "`drizzle-kit push` of the covered tables",
    library: "drizzle-kit",
    does: "**switches row-level security off on each of them**, then drops defaults and foreign keys, in no transaction; here it fails before it comes to the policies, and exits with 0",
    doctor: "`drift`, a leak: row-level security is off",
    instead: "never; `wardkeep apply` puts it back. `generate` and `migrate` of drizzle-kit do not",
  },
  pushAll: {
    command: "`drizzle-kit push` of the whole schema",
    library: "drizzle-kit",
    does: "stops before it changes anything: it may not count the rows of `patient_word` (42501)",
    doctor: none,
    instead: "never",
  },
  syncAdding: {
    command: "`sequelize.sync({ alter: { drop: false } })`",
    library: "sequelize",
    does: "nothing, where the models leave the scope columns out",
    doctor: none,
    instead: "as you like, as the owner",
  },
  syncAltering: {
    command: "`sequelize.sync({ alter: true })`",
    library: "sequelize",
    does: "begins to drop columns that no model names, such as `clinic_id` of a `through` table; the server refuses, because policies rest on them (2BP01)",
    doctor: none,
    instead: "`drop: false`, or migrations",
  },
  typeorm: {
    command: "`typeorm migration:generate`",
    library: "typeorm",
    does: "writes a file that drops `wk_…` foreign keys, scope columns and their defaults; policies, triggers and the schema `wardkeep` it does not see",
    doctor: "`drift` after such a file ran",
    instead:
      "name the scope columns in the entities, and take lines with `wk_` or `DROP DEFAULT` of a scope column out of the file",
  },
  prismaPull: {
    command: "`prisma db pull`",
    library: "prisma",
    does: "changes nothing in the database; writes the scope columns, with their defaults, and `patient_word` into the models, and no table of the schema `wardkeep`",
    doctor: none,
    instead: "use it, and take the model `patient_word` out again",
  },
  prismaDev: {
    command: "`prisma migrate dev`",
    library: "prisma",
    does: "changes nothing: it takes what Wardkeep added for drift, and stops with the advice to reset the database, **which would drop every table**",
    doctor: none,
    instead:
      "make migrations where Wardkeep is not installed, never `migrate reset`, and run their files as the owner with `prisma migrate deploy`",
  },
  prismaDeploy: {
    command: "`prisma migrate deploy`",
    library: "prisma",
    does: "runs the files of its folder and makes its own table `_prisma_migrations`; where the policy file says nothing of the rest, `wardkeep apply` then stops until it lists that table (WK002)",
    doctor: none,
    instead:
      'use it, as the owner, with `_prisma_migrations: { scope: "unmanaged" }`; the first time after `prisma migrate resolve --applied` for what is there',
  },
  prismaPush: {
    command: "`prisma db push`",
    library: "prisma",
    does: "stops before it changes anything: it may not count the rows of `note` (row-level security)",
    doctor: none,
    instead: "never",
  },
  mikroorm: {
    command: "`mikro-orm schema:update`, `migration:create`",
    library: "@mikro-orm/postgresql",
    does: "would drop the schema `wardkeep` with all tables in it",
    doctor: "that Wardkeep is not installed, after such a file ran",
    instead:
      '`schemaGenerator: { ignoreSchema: ["wardkeep", "wardkeep_lookup", "wardkeep_audit", "wardkeep_consent"], skipTables: [/_word$/] }`',
  },
} as const satisfies Readonly<Record<string, Outcome>>
