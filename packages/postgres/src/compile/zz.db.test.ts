import { it } from "vitest"
import { installClinic } from "#tests/fixture/clinic.ts"
import { asTableOwner } from "#tests/fixture/migrator.ts"
import { useDatabase } from "#tests/harness/src/use-database.ts"
const database = useDatabase()
it("x", async () => {
  const clinic = await installClinic(database.ownerUrl)
  await asTableOwner(database.adminUrl, clinic, async (o) => {
    await o.query("set row_security = on")
    for (const sql of ["explain select branch_id, count(*) from patient group by 1", "select branch_id, count(*) from patient group by 1", "explain select * from patient", "create materialized view busy as select branch_id, count(*) as n from patient group by branch_id with no data", "refresh materialized view public.busy"])
      await o.query(sql).then((r) => console.log(sql, JSON.stringify(r.rows, null, 1)), (e) => console.log(sql, e.code))
  })
})
