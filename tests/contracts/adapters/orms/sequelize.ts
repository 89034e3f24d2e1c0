import { sequelizeOn } from "@wardkeep/adapters/sequelize"
import pg from "pg"
import { col, DataTypes, fn, type Model, type ModelStatic, QueryTypes, Sequelize, type Transaction } from "sequelize"
import type { Inside, OrmSubject, Patient, Row } from "../orm.ts"

type Instance = Model<Partial<Patient>> & Patient
type Visited = Instance & { readonly visits: readonly { readonly reason: string }[] }

function models(sequelize: Sequelize) {
  const options = { timestamps: false, freezeTableName: true }
  // Scope columns are read and never given: the database fills them from the context.
  const patient = sequelize.define<Instance>(
    "patient",
    {
      id: { type: DataTypes.UUID, primaryKey: true, defaultValue: DataTypes.UUIDV4 },
      clinic_id: DataTypes.UUID,
      branch_id: DataTypes.UUID,
      full_name: DataTypes.TEXT,
      hiv_status: DataTypes.TEXT,
    },
    options,
  )
  const visit = sequelize.define(
    "visit",
    {
      id: { type: DataTypes.UUID, primaryKey: true },
      patient_id: DataTypes.UUID,
      reason: DataTypes.TEXT,
    },
    options,
  )
  patient.hasMany(visit, { foreignKey: "patient_id", as: "visits" })
  return { patient, visit }
}

const inside = (sequelize: Sequelize, patient: ModelStatic<Instance>, transaction: Transaction): Inside => ({
  add: async (name) => await patient.create({ full_name: name }, { transaction }),
  list: async () => await patient.findAll({ transaction }),
  nested: async (work) =>
    await sequelize.transaction({ transaction }, async (deeper) => await work(inside(sequelize, patient, deeper))),
})

export const sequelizeSubject: OrmSubject = {
  name: "Sequelize",
  library: "sequelize",
  call: 'sequelizeOn(wk, new Sequelize({ dialect: "postgres", dialectModule: pg }))',
  open: (wk) => {
    const sequelize = sequelizeOn(wk, new Sequelize({ dialect: "postgres", dialectModule: pg, logging: false }))
    const { patient, visit } = models(sequelize)
    return {
      list: async () => await patient.findAll(),
      one: async (key) => await patient.findOne({ where: { ...key } }),
      raw: async (text) => await sequelize.query<Row>(text, { type: QueryTypes.SELECT }),
      find: async (name) =>
        await sequelize.query<Row>("select * from patient where full_name = $name", {
          bind: { name },
          type: QueryTypes.SELECT,
        }),
      create: async (name) => (await patient.create({ full_name: name })).id,
      save: async (id, name) => {
        const found = await patient.findOne({ where: { id }, rejectOnEmpty: true })
        found.set("full_name", name)
        await found.save()
      },
      upsert: async (id, name) =>
        await patient.upsert({ id, full_name: name }, { conflictFields: ["clinic_id", "branch_id", "id"] as never[] }),
      eager: async () => (await patient.findAll({ include: { model: visit, as: "visits" } })) as unknown as Visited[],
      transaction: async (work) =>
        await sequelize.transaction(async (transaction) => await work(inside(sequelize, patient, transaction))),
      // Its queries begin when they are made.
      lazy: () => async () => await patient.findAll(),
      reads: ({ id }, name) => {
        const include = { model: visit, as: "visits" }
        return [
          [
            "order, limit and offset",
            ["patient"],
            async () => await patient.findAll({ order: ["id"], limit: 2, offset: 1 }),
          ],
          ["attributes", ["patient"], async () => await patient.findAll({ attributes: ["full_name"], raw: true })],
          ["findByPk", ["patient"], async () => await patient.findByPk(id)],
          [
            "findAndCountAll",
            ["patient"],
            async () => await patient.findAndCountAll({ where: { full_name: name }, limit: 5 }),
          ],
          [
            "include, required",
            ["patient", "visit"],
            async () => await patient.findAll({ include: { ...include, required: true } }),
          ],
          [
            "include, separate",
            ["patient", "visit"],
            async () => await patient.findAll({ include: { ...include, separate: true } }),
          ],
          ["include with limit", ["patient", "visit"], async () => await patient.findAll({ include, limit: 2 })],
          [
            "an aggregate of distinct",
            ["patient"],
            async () => await patient.aggregate("full_name", "DISTINCT", { plain: false }),
          ],
          [
            "group",
            ["visit"],
            async () =>
              await visit.findAll({
                attributes: ["patient_id", [fn("count", col("id")), "n"]],
                group: "patient_id",
                raw: true,
              }),
          ],
          ["max", ["patient"], async () => await patient.max("full_name")],
          ["count", ["patient"], async () => await patient.count()],
        ]
      },
      close: async () => await sequelize.close(),
    }
  },
  exceptions: {
    upsert: {
      why: "sets every given column again when the row is there, its key too, which a role may not that has `update` of named columns only (42501)",
      error: /permission denied for view patient/,
    },
  },
  notes: [
    "Values are read by `pg`'s parsers: arrays of enumerations, ranges and geometry arrive as text.",
    "`sync()` would need the owner: keep your migrations.",
  ],
}
