import { eq, sql } from "drizzle-orm"
import { drizzle } from "drizzle-orm/node-postgres"
import { integer, pgTable, text, uuid } from "drizzle-orm/pg-core"
import { Kysely, PostgresDialect } from "kysely"
import type { Session } from "wardkeep"
import { labResult } from "../../routes/lab-results.js"
import type { Attempt, Outcome } from "../attempt.js"
import type { Stage } from "../stage.js"
import { asking, changing } from "./asking.js"

/** A model that, unlike the example's own, names the scope columns: what a careless or hostile developer would write. */
const patient = pgTable("patient", {
  clinic_id: uuid(),
  branch_id: uuid(),
  id: uuid().primaryKey(),
  full_name: text(),
  phone: text(),
  hiv_status: text(),
})
const attachment = pgTable("attachment", { id: uuid().primaryKey(), note_id: uuid(), bytes: integer() })

interface Tables {
  readonly patient: { id: string; branch_id: string; full_name: string; allergies: string | null }
  readonly clinical_note: {
    id: string
    branch_id: string
    patient_id: string
    author: string
    diagnosis: string
    body: string
  }
}

/** Two ORMs on `wk.pool`, inside a doctor's session. */
export function throughOrms(stage: Stage, doctor: Session): Attempt[] {
  const { wk, elsewhere, nextDoor, home } = stage
  const within = (attempt: string, run: () => Promise<Outcome>): Attempt => ({
    layer: "orm",
    attempt,
    home: [home.branch],
    given: [...elsewhere.given, ...nextDoor.given],
    run: () => wk.run(doctor, run),
  })
  return [...drizzled(stage, within), ...kyselied(stage, within)]
}

type Within = (attempt: string, run: () => Promise<Outcome>) => Attempt

function drizzled({ wk, elsewhere, nextDoor }: Stage, within: Within): Attempt[] {
  const db = drizzle(wk.pool)
  const { branch, rows } = elsewhere
  return [
    within("Drizzle: select by a foreign id", () =>
      asking(() => db.select().from(patient).where(eq(patient.id, elsewhere.patient.id))),
    ),
    within("Drizzle: select of the branch next door", () =>
      asking(() => db.select().from(patient).where(eq(patient.branch_id, nextDoor.branch.id))),
    ),
    within("Drizzle: select without any where", () => asking(() => db.select().from(patient))),
    within("Drizzle: join a foreign lab result to its patient", () =>
      asking(() =>
        db
          .select()
          .from(labResult)
          .innerJoin(patient, eq(patient.id, labResult.patient_id))
          .where(eq(labResult.id, rows.lab_result)),
      ),
    ),
    within("Drizzle: raw fragment in where", () =>
      asking(() => db.select().from(patient).where(sql.raw("id is null or true"))),
    ),
    within("Drizzle: insert for a foreign patient", () =>
      changing(() =>
        db.insert(labResult).values({ patient_id: elsewhere.patient.id, test: "x", value: "1", unit: "x" }),
      ),
    ),
    within("Drizzle: delete by a foreign id", () =>
      changing(() => db.delete(attachment).where(eq(attachment.id, rows.attachment))),
    ),
    within("Drizzle: upsert on a foreign id", () =>
      changing(() =>
        db
          .insert(patient)
          .values({
            clinic_id: branch.clinicId,
            branch_id: branch.id,
            id: elsewhere.patient.id,
            full_name: "x",
            phone: "+919000000000",
          })
          .onConflictDoUpdate({ target: [patient.id], set: { full_name: "y" } }),
      ),
    ),
    within("Drizzle: inside its own transaction", () =>
      asking(() => db.transaction(async (tx) => tx.select().from(patient).where(eq(patient.branch_id, branch.id)))),
    ),
    within("Drizzle: execute of a whole statement", () =>
      asking(
        async () => (await db.execute(sql.raw(`select * from clinical_note where branch_id = '${branch.id}'`))).rows,
      ),
    ),
  ]
}

function kyselied({ wk, elsewhere, nextDoor }: Stage, within: Within): Attempt[] {
  const db = new Kysely<Tables>({ dialect: new PostgresDialect({ pool: wk.pool }) })
  const { branch, rows } = elsewhere
  return [
    within("Kysely: select by a foreign id", () =>
      asking(() => db.selectFrom("patient").selectAll().where("id", "=", elsewhere.patient.id).execute()),
    ),
    within("Kysely: select everything", () => asking(() => db.selectFrom("patient").selectAll().execute())),
    within("Kysely: union with foreign notes", () =>
      asking(() =>
        db
          .selectFrom("patient")
          .select("full_name")
          .union(db.selectFrom("clinical_note").select("body as full_name").where("branch_id", "=", branch.id))
          .execute(),
      ),
    ),
    within("Kysely: update by a foreign id", async () => {
      const { numUpdatedRows } = await db
        .updateTable("patient")
        .set({ allergies: "x" })
        .where("id", "=", elsewhere.patient.id)
        .executeTakeFirst()
      return { seen: [], touched: Number(numUpdatedRows) }
    }),
    within("Kysely: update the branch next door", async () => {
      const { numUpdatedRows } = await db
        .updateTable("patient")
        .set({ allergies: "x" })
        .where("branch_id", "=", nextDoor.branch.id)
        .executeTakeFirst()
      return { seen: [], touched: Number(numUpdatedRows) }
    }),
    within("Kysely: insert into a foreign branch", () =>
      asking(() =>
        db
          .insertInto("clinical_note")
          .values({
            id: rows.clinical_note,
            branch_id: branch.id,
            patient_id: elsewhere.patient.id,
            author: "x",
            diagnosis: "x",
            body: "x",
          })
          .returningAll()
          .execute(),
      ),
    ),
    within("Kysely: in a transaction", () =>
      asking(() =>
        db
          .transaction()
          .execute((tx) => tx.selectFrom("clinical_note").selectAll().where("branch_id", "=", branch.id).execute()),
      ),
    ),
  ]
}
