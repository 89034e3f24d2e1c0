import { expect, it } from "vitest"
import { withClient as withAdmin } from "#tests/harness/src/sql.ts"
import { useDatabase } from "#tests/harness/src/use-database.ts"
import { withClient } from "./connect.js"

const database = useDatabase()

it.each(["between two queries", "within one"])(
  "a session that the server ends %s is WK005 with the reason",
  async (when) => {
    const lost = withClient({ databaseUrl: database.adminUrl, variables: [], env: {} }, async (client) => {
      const { rows } = await client.query<{ pid: number }>("select pg_backend_pid() as pid")
      const noticed = new Promise<void>((resolve) => void client.once("end", resolve))
      await Promise.all([
        when === "within one" && client.query("select pg_sleep(30)"),
        withAdmin(database.adminUrl, (admin) => admin.query("select pg_terminate_backend($1)", [rows[0]?.pid])),
      ])
      await noticed
      await client.query("select 1")
    })
    await expect(lost).rejects.toMatchObject({ code: "WK005", detail: expect.stringMatching(/57P01/) })
  },
)
