import { parsePolicy, roleNames } from "@wardkeep/core"
import { expect, it } from "vitest"
import { connected, withLogin } from "#tests/fixture/clinic.ts"
import { document } from "#tests/fixture/host.ts"
import { useDatabase } from "#tests/harness/src/use-database.ts"
import { install } from "../migrate/index.js"

const database = useDatabase()

it("leaves CONNECT as it was: before a policy is applied, logins of the host connect and read as ever", async () => {
  const policy = parsePolicy(document({ tables: { patient: { scope: "branch" } }, roles: {} }))
  const reports = await database.cluster.login({ label: "reports" })
  const url = withLogin(database.adminUrl, reports)
  const asAdmin = (sql: string) => connected(database.adminUrl, (admin) => admin.query(sql))
  await asAdmin(`create table patient (id int); insert into patient values (1); grant select on patient to ${reports.user};
    grant connect, temporary on database ${database.databaseName} to public`)
  const read = () => connected(url, async (client) => (await client.query("select from patient")).rowCount)
  const temporary = () => connected(url, (client) => client.query("create temporary table work (id int)"))
  expect(await read()).toBe(1)
  await temporary()

  await connected(database.ownerUrl, (admin) => install({ admin, policy }))
  expect(await read()).toBe(1)
  // TEMP of PUBLIC is TEMP of the application, so a login that needs it is given it by name, and keeps it.
  await expect(temporary()).rejects.toMatchObject({ code: "42501" })
  await asAdmin(`grant temporary on database ${database.databaseName} to ${reports.user}`)
  await connected(database.ownerUrl, (admin) => install({ admin, policy }))
  await temporary()
  const { app, owner } = roleNames(policy)
  const { rows } = await asAdmin(
    `select role, has_database_privilege(role, current_database(), 'CONNECT') as connect, has_database_privilege(role, current_database(), 'TEMP') as temp,
       has_database_privilege(role, current_database(), 'CREATE') as create from unnest(array['${app}', '${owner}']) role`,
  )
  expect(rows).toEqual([
    { role: app, connect: true, temp: false, create: false },
    { role: owner, connect: true, temp: false, create: true },
  ])
  await asAdmin(`drop owned by ${reports.user}`)
  await reports.drop()
})
