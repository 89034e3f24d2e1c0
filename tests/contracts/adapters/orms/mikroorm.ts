import { type Collection, EntitySchema, type OptionalProps, type Ref, sql } from "@mikro-orm/core"
import { MikroORM, type SqlEntityManager } from "@mikro-orm/postgresql"
import { mikroOn } from "@wardkeep/adapters/mikroorm"
import type { Inside, OrmSubject, Patient, Row } from "../orm.ts"

interface Visit {
  id: string
  reason: string
  patient: Ref<Whole>
}
interface Whole extends Patient {
  [OptionalProps]?: "clinic_id" | "branch_id" | "hiv_status" | "created_at"
  readonly created_at: Date | null
  visits: Collection<Visit>
}

const patient = new EntitySchema<Whole>({
  name: "patient",
  properties: {
    // One key is enough for its identity map; what else is in the table's key is read, and filled from the context.
    id: { type: "uuid", primary: true, defaultRaw: "gen_random_uuid()" },
    clinic_id: { type: "uuid", nullable: true, persist: false },
    branch_id: { type: "uuid", nullable: true, persist: false },
    full_name: { type: "text" },
    hiv_status: { type: "text", nullable: true },
    created_at: { type: "datetime", nullable: true, persist: false },
    visits: { kind: "1:m", entity: "visit", mappedBy: "patient" },
  },
})
const visit = new EntitySchema<Visit>({
  name: "visit",
  properties: {
    id: { type: "uuid", primary: true },
    reason: { type: "text" },
    patient: { kind: "m:1", entity: "patient", joinColumn: "patient_id", ref: true },
  },
})

const inside = (em: SqlEntityManager): Inside => ({
  add: async (name) => await em.insert(patient, { full_name: name }),
  list: async () => await em.find(patient, {}),
  nested: async (work) => await em.transactional(async (deeper) => await work(inside(deeper))),
})

/** As an application makes it. */
export function mikroOrm(wk: Parameters<typeof mikroOn>[0]) {
  const orm = mikroOn(wk, MikroORM.initSync({ dbName: "clinic", entities: [patient, visit] }))
  return { orm, find: async (em: SqlEntityManager, id: string) => await em.findOne(patient, { id }) }
}

export const mikroormSubject: OrmSubject = {
  name: "MikroORM",
  library: "@mikro-orm/postgresql",
  call: "mikroOn(wk, MikroORM.initSync({ dbName, entities }))",
  open: (wk) => {
    const { orm } = mikroOrm(wk)
    const { em } = orm
    return {
      list: async () => await em.find(patient, {}),
      one: async (key) => await em.findOne(patient, key),
      raw: async (text) => await em.getConnection().execute<Row[]>(text),
      find: async (name) => await em.find(patient, { full_name: name }),
      create: async (name) => {
        const made = em.create(patient, { full_name: name })
        await em.persistAndFlush(made)
        return made.id
      },
      save: async (id, name) => {
        const found = await em.findOneOrFail(patient, { id })
        em.assign(found, { full_name: name })
        await em.flush()
      },
      upsert: async (id, name) =>
        await em.upsert(
          patient,
          { id, full_name: name },
          { onConflictFields: ["clinic_id", "branch_id", "id"], onConflictMergeFields: ["full_name"] },
        ),
      eager: async () => {
        const found = await em.find(patient, {}, { populate: ["visits"] })
        return found.map(({ clinic_id, full_name, visits }) => ({ clinic_id, full_name, visits: visits.getItems() }))
      },
      transaction: async (work) => await em.transactional(async (inner) => await work(inside(inner))),
      lazy: () => {
        const query = em.createQueryBuilder(patient).select("*")
        return async () => await query
      },
      reads: ({ id }, name) => [
        [
          "orderBy, limit and offset",
          ["patient"],
          async () => await em.fork().find(patient, {}, { orderBy: { id: "asc" }, limit: 2, offset: 1 }),
        ],
        ["fields", ["patient"], async () => await em.fork().find(patient, {}, { fields: ["full_name"] })],
        [
          "findAndCount",
          ["patient"],
          async () => await em.fork().findAndCount(patient, { full_name: name }, { limit: 5 }),
        ],
        [
          "findByCursor",
          ["patient"],
          async () => await em.fork().findByCursor(patient, {}, { first: 2, orderBy: { id: "asc" } }),
        ],
        [
          "populate by a join",
          ["patient", "visit"],
          async () => await em.fork().find(patient, {}, { populate: ["visits"], strategy: "joined" }),
        ],
        [
          "populate by queries",
          ["patient", "visit"],
          async () => await em.fork().find(patient, {}, { populate: ["visits"], strategy: "select-in" }),
        ],
        [
          "the parent populated",
          ["patient", "visit"],
          async () => await em.fork().find(visit, {}, { populate: ["patient"] }),
        ],
        [
          "a query builder",
          ["patient"],
          async () => await em.fork().createQueryBuilder(patient, "p").select("p.full_name").where({ id }).execute(),
        ],
        [
          "groupBy",
          ["visit"],
          async () =>
            await em
              .fork()
              .createQueryBuilder(visit, "v")
              .select(["v.patient", sql`count(*)`])
              .groupBy("v.patient")
              .execute(),
        ],
        ["count", ["patient"], async () => await em.fork().count(patient)],
      ],
      close: async () => await orm.close(),
    }
  },
  notes: [
    "`orm.em` has an identity map for each context. A `fork()` of your own has one too: share none between requests, or one tenant gets what another loaded.",
    "Give `clinic_id` and `branch_id` `persist: false`: the database fills them from the context.",
    "Version 7 states Node.js 22, and was not tried.",
  ],
}
