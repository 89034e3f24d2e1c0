import { expect, test } from "vitest"
import { withClient } from "../src/index.ts"
import { useDatabase } from "../src/use-database.ts"

const db = useDatabase({ owner: "limited-admin" })

test("the database's owner is no superuser and can install a schema and a role", async () => {
  await withClient(db.ownerUrl, async (client) => {
    const { rows } = await client.query<{ super: boolean }>(
      "select rolsuper as super from pg_roles where rolname = current_user",
    )
    expect(rows).toEqual([{ super: false }])
    await client.query("create schema clinic")
    await client.query("begin")
    await client.query("create role planted nologin")
    await client.query("rollback")
  })
})
