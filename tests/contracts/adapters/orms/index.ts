import type { OrmSubject } from "../orm.ts"
import { knexSubject } from "./knex.ts"

export const ormSubjects: readonly OrmSubject[] = [knexSubject]
