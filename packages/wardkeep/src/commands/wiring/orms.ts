import { relative } from "node:path"
import type { Imported, Language, Part } from "./source.js"

/** What of an application's files the text of a wiring depends on. */
export interface Where {
  /** The folder of the wiring. */
  readonly folder: string
  /** Name of the policy file beside it. */
  readonly policy: string
  /** What Prisma generates, where its schema says so. */
  readonly prisma: PrismaClientAt | undefined
}

/** Where Prisma writes its client, and by which generator: the older one writes JavaScript, that of Prisma 7 TypeScript. */
export interface PrismaClientAt {
  readonly folder: string
  readonly generator: "prisma-client-js" | "prisma-client"
}

export interface Written {
  readonly language: Language
  /** After the name of a file of one's own: Next resolves a path without an ending only; what follows Node wants `.js`. */
  readonly ending: "" | ".js"
  readonly where: Where
}

/** An ORM, query builder or driver. */
export interface Orm {
  readonly title: string
  /** One of them in package.json is how it is recognised. */
  readonly packages: readonly string[]
  /** What the written module imports. */
  readonly needs: readonly string[]
  imports(written: Written): readonly Imported[]
  readonly db: Part
  readonly step: string
  /** What else has to be done, told by what is there. */
  further?(written: Written): string | undefined
}

const askDb = "ask with the db of this file"

/** In the order in which they are looked for: whoever has an ORM often has its driver, too. */
export const orms = {
  prisma: {
    title: "Prisma",
    packages: ["@prisma/client", "prisma"],
    needs: ["@prisma/client", "@prisma/adapter-pg"],
    imports: (written) => [
      { from: "@prisma/adapter-pg", names: ["PrismaPg"] },
      { from: "wardkeep/prisma", names: ["prismaOn"] },
      { from: prismaModule(written), names: ["PrismaClient"] },
    ],
    db: () => `/** Prisma names tables with their schema: make one of these for each role, and \`omit\` in it what is hidden from that role. */
export const db = prismaOn(wk, new PrismaClient({ adapter: new PrismaPg({}) }))
`,
    step: askDb,
    further: ({ language, where: { prisma } }) =>
      language !== "typescript" && prisma?.generator === "prisma-client"
        ? 'Prisma\'s generator "prisma-client" writes TypeScript: name "prisma-client-js" in its schema, then npx prisma generate'
        : undefined,
  },
  drizzle: {
    title: "Drizzle",
    packages: ["drizzle-orm"],
    needs: ["drizzle-orm", "pg"],
    imports: () => [
      { from: "drizzle-orm/node-postgres", names: ["drizzle"] },
      { from: "wardkeep/drizzle", names: ["drizzleClient"] },
    ],
    db: () => "export const db = drizzle({ client: drizzleClient(wk) })\n",
    step: askDb,
  },
  mikroorm: {
    title: "MikroORM",
    packages: ["@mikro-orm/postgresql", "@mikro-orm/core"],
    needs: ["@mikro-orm/postgresql"],
    imports: () => [
      { from: "@mikro-orm/postgresql", names: ["MikroORM"], types: ["Options"] },
      { from: "wardkeep/mikroorm", names: ["mikroOn"] },
    ],
    db: (
      type,
    ) => `/** Call it once. \`em\` of what it gives has an identity map for each context, and needs no \`fork()\`. */
export const dbWith = (entities${type(': NonNullable<Options["entities"]>')}) =>
  mikroOn(wk, MikroORM.initSync({ dbName: "connects-nowhere", entities }))
`,
    step: "const { em } = dbWith([…your entities]) once, and ask with it",
  },
  typeorm: {
    title: "TypeORM",
    packages: ["typeorm"],
    needs: ["typeorm"],
    imports: () => [
      { from: "typeorm", names: ["DataSource"], types: ["DataSourceOptions"] },
      { from: "wardkeep/typeorm", names: ["typeormOptions"] },
    ],
    db: (type) => `/** Call it once. Your migrations stay as they are: nothing is synchronised here. */
export const dbWith = (entities${type(': NonNullable<DataSourceOptions["entities"]>')}) =>
  new DataSource({ ...typeormOptions(wk), entities })
`,
    step: "const db = await dbWith([…your entities]).initialize() once, and ask with it",
  },
  sequelize: {
    title: "Sequelize",
    packages: ["sequelize"],
    needs: ["sequelize", "pg"],
    imports: () => [
      { from: "pg", all: "pg" },
      { from: "sequelize", names: ["Sequelize"] },
      { from: "wardkeep/sequelize", names: ["sequelizeOn"] },
    ],
    db: () => `/** Define your models on it. It would log statements with the values in them. */
export const db = sequelizeOn(wk, new Sequelize({ dialect: "postgres", dialectModule: pg, logging: false }))
`,
    step: "define your models on the db of this file",
  },
  kysely: {
    title: "Kysely",
    packages: ["kysely"],
    needs: ["kysely"],
    imports: () => [
      { from: "kysely", names: ["Kysely", "PostgresDialect"] },
      { from: "wardkeep/kysely", names: ["kyselyConfig"] },
    ],
    db: (
      type,
    ) => `${type("/** Put the types of your tables here. */\ntype Tables = Record<string, Record<string, unknown>>\n")}
export const db = new Kysely${type("<Tables>")}({ dialect: new PostgresDialect(kyselyConfig(wk)) })
`,
    step: askDb,
  },
  knex: {
    title: "Knex",
    packages: ["knex"],
    needs: ["knex"],
    imports: () => [
      { from: "knex", all: "knex" },
      { from: "wardkeep/knex", names: ["knexOn"] },
    ],
    db: () => 'export const db = knexOn(wk, knex({ client: "pg" }))\n',
    step: askDb,
  },
  pg: {
    title: "pg",
    packages: ["pg"],
    needs: [],
    imports: () => [],
    db: () => "/** A `pg.Pool`, in place of yours. */\nexport const db = wk.pool\n",
    step: "ask with the db of this file in place of your pg.Pool: db.query(text, values)",
  },
} as const satisfies Readonly<Record<string, Orm>>

export type OrmName = keyof typeof orms

function prismaModule({ language, ending, where: { folder, prisma } }: Written): string {
  if (prisma === undefined) return "@prisma/client"
  const isTyped = language === "typescript" && prisma.generator === "prisma-client"
  const path = relative(folder, prisma.folder).replaceAll("\\", "/")
  return `${path.startsWith(".") ? path : `./${path}`}/${isTyped ? "client" : "index"}${ending}`
}
