import { expect, test } from "vitest"
import { withClient } from "../src/index.ts"
import { useDatabase } from "../src/use-database.ts"

const db = useDatabase({
  template: {
    name: "people",
    build: (adminUrl) =>
      withClient(adminUrl, async (client) => {
        await client.query("create table person (id int primary key)")
        await client.query("insert into person values (1), (2)")
      }),
  },
})

test("clones the template for this file", async () => {
  const { rows } = await withClient(db.ownerUrl, (client) =>
    client.query("select current_database() as name, current_setting('server_version_num')::int as version"),
  )
  expect(rows).toEqual([{ name: db.databaseName, version: db.serverVersionNum }])
  const people = await withClient(db.adminUrl, (client) => client.query("select id from person order by id"))
  expect(people.rows).toEqual([{ id: 1 }, { id: 2 }])
})

test("a login reaches the database the way an application does", async () => {
  const login = await db.cluster.login()
  const found = await withClient(db.appUrl(login), (client) => client.query("select current_user::text as me"))
  expect(found.rows).toEqual([{ me: login.user }])
  await login.drop()
})
