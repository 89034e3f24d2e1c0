import { typeormOptions } from "@wardkeep/adapters/typeorm"
import { DataSource, type EntityManager, EntitySchema, type EntitySchemaColumnOptions } from "typeorm"
import type { Inside, OrmSubject, Patient, Row } from "../orm.ts"
import { hiddenColumn } from "./hidden.ts"

interface Visit {
  readonly id: string
  readonly reason: string
  readonly patient: Whole
}
interface Whole extends Patient {
  readonly branch_id: string
  readonly visits: readonly Visit[]
}

const key: EntitySchemaColumnOptions = { type: "uuid", primary: true, generated: "uuid" }
const columns = {
  clinic_id: key,
  branch_id: key,
  id: key,
  full_name: { type: "text" },
} as const satisfies Record<string, EntitySchemaColumnOptions>

const patient = new EntitySchema<Whole>({
  name: "patient",
  columns: { ...columns, hiv_status: { type: "text", default: "unknown" } },
  relations: { visits: { type: "one-to-many", target: "visit", inverseSide: "patient" } },
})
/** The same table, as the receptionist writes it. */
const written = new EntitySchema<Row>({ name: "written_patient", tableName: "patient", columns })
const visit = new EntitySchema<Visit>({
  name: "visit",
  columns: { id: { type: "uuid", primary: true }, reason: { type: "text" } },
  relations: {
    patient: {
      type: "many-to-one",
      target: "patient",
      inverseSide: "visits",
      joinColumn: [
        { name: "clinic_id", referencedColumnName: "clinic_id" },
        { name: "branch_id", referencedColumnName: "branch_id" },
        { name: "patient_id", referencedColumnName: "id" },
      ],
    },
  },
})

const inside = (manager: EntityManager): Inside => ({
  add: async (name) => await manager.insert(written, { full_name: name }),
  list: async () => await manager.find(patient),
  nested: async (work) => await manager.transaction(async (deeper) => await work(inside(deeper))),
})

export const typeormSubject: OrmSubject = {
  name: "TypeORM",
  library: "typeorm",
  call: "new DataSource({ ...typeormOptions(wk), entities })",
  open: async (wk) => {
    const source = await new DataSource({ ...typeormOptions(wk), entities: [patient, written, visit] }).initialize()
    const { manager } = source
    return {
      list: async () => await manager.find(patient),
      one: async (key) => await manager.findOneBy(patient, key),
      raw: async (text) => await source.query<Row[]>(text),
      find: async (name) => await manager.findBy(patient, { full_name: name }),
      create: async (name) => (await manager.save(patient, { full_name: name })).id,
      save: async (id, name) => {
        const found = await manager.findOneByOrFail(patient, { id })
        await manager.save(patient, { ...found, full_name: name })
      },
      upsert: async (id, name) =>
        await manager.upsert(patient, { id, full_name: name }, ["clinic_id", "branch_id", "id"]),
      eager: async () => await manager.find(patient, { relations: { visits: true } }),
      transaction: async (work) => await source.transaction(async (inner) => await work(inside(inner))),
      // Its queries begin when they are made.
      lazy: () => async () => await manager.find(patient),
      reads: ({ id }, name) => {
        const query = () => manager.createQueryBuilder(patient, "p")
        return [
          [
            "order, take and skip",
            ["patient"],
            async () => await manager.find(patient, { order: { id: "ASC" }, take: 2, skip: 1 }),
          ],
          ["select", ["patient"], async () => await manager.find(patient, { select: { full_name: true } })],
          [
            "findAndCount",
            ["patient"],
            async () => await manager.findAndCount(patient, { where: { full_name: name }, take: 5 }),
          ],
          [
            "a relation with take",
            ["patient", "visit"],
            async () => await manager.find(patient, { relations: { visits: true }, take: 2 }),
          ],
          [
            "a relation by a query of its own",
            ["patient", "visit"],
            async () => await manager.find(patient, { relations: { visits: true }, relationLoadStrategy: "query" }),
          ],
          ["the parent", ["patient", "visit"], async () => await manager.find(visit, { relations: { patient: true } })],
          ["getMany", ["patient"], async () => await query().where("p.full_name = :name", { name }).getMany()],
          ["getRawMany", ["patient"], async () => await query().select("p.full_name", "name").getRawMany()],
          [
            "leftJoinAndSelect",
            ["patient", "visit"],
            async () => await query().leftJoinAndSelect("p.visits", "v").where("p.id = :id", { id }).getMany(),
          ],
          ["distinct", ["patient"], async () => await query().select("p.full_name").distinct(true).getRawMany()],
          [
            "groupBy",
            ["visit"],
            async () =>
              await manager
                .createQueryBuilder(visit, "v")
                .select("v.patient_id")
                .addSelect("count(*)", "n")
                .groupBy("v.patient_id")
                .getRawMany(),
          ],
          ["exists", ["patient"], async () => await manager.exists(patient, { where: { id } })],
          ["count", ["patient"], async () => await manager.count(patient)],
        ]
      },
      close: async () => await source.destroy(),
    }
  },
  exceptions: { create: hiddenColumn, upsert: hiddenColumn },
  notes: [
    "`initialize()` needs no context: it may ask for the server's version, the database and the schema, and nothing else. Behind a pooler it is refused (WK108).",
    "`synchronize`, `migrationsRun` and extensions are off: keep your migrations.",
  ],
}
