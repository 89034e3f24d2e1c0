import type { OrmSubject } from "../orm.ts"
import { drizzleSubject } from "./drizzle.ts"
import { knexSubject } from "./knex.ts"
import { kyselySubject } from "./kysely.ts"
import { mikroormSubject } from "./mikroorm.ts"
import { prismaSubject } from "./prisma.ts"
import { sequelizeSubject } from "./sequelize.ts"
import { typeormSubject } from "./typeorm.ts"

export const ormSubjects: readonly OrmSubject[] = [
  knexSubject,
  kyselySubject,
  drizzleSubject,
  prismaSubject,
  sequelizeSubject,
  typeormSubject,
  mikroormSubject,
]
