import { expect, it } from "vitest"
import { waitsFor } from "#tests/fixture/blocked.ts"
import { connected } from "#tests/fixture/clinic.ts"
import { useDatabase } from "#tests/harness/src/use-database.ts"
import { roleDdl } from "./retry.js"

const database = useDatabase()

it("the first setting of a role that two databases bring at once is set, and neither fails", async () => {
  const { user } = await database.cluster.login({ label: "twice" })
  const setting = `alter role "${user}" set row_security = off`
  await connected(database.ownerUrl, (other) =>
    connected(database.ownerUrl, async (client) => {
      const bring = async (change: Promise<unknown>): Promise<unknown> => {
        expect(await waitsFor(database.adminUrl, other, change)).toBe("waits")
        await other.query("commit")
        return await change
      }
      await other.query(`begin; ${setting}`)
      const bare = client.query(setting).then(
        () => "done",
        (error: { code: string }) => error.code,
      )
      expect(await bring(bare), "without trying again").toBe("23505")
      await other.query(`alter role "${user}" reset all; begin; ${setting}`)
      await bring(roleDdl(client, setting))
    }),
  )
})
