import { execFile } from "node:child_process"
import { join } from "node:path"
import { promisify } from "node:util"
import { roleNames } from "@wardkeep/core"
import { expect, it } from "vitest"
import { installClinic, withLogin } from "#tests/fixture/clinic.ts"
import { useDatabase } from "#tests/harness/src/use-database.ts"

const database = useDatabase()
// Of version 15, which refuses a newer server; the embedded 18 comes without a pg_dump of its own.
const pgDump = join(process.env.WARDKEEP_PG15_BIN ?? "/usr/lib/postgresql/15/bin", "pg_dump")

it("pg_dump without an exemption fails loudly, with and without --enable-row-security", async () => {
  const clinic = await installClinic(database.ownerUrl)
  const url = withLogin(database.adminUrl, clinic.logins.migrator)
  const dump = (...options: string[]) =>
    promisify(execFile)(pgDump, ["--dbname", url, "--role", roleNames(clinic.policy).owner, ...options])
  await expect(dump()).rejects.toMatchObject({ stderr: expect.stringContaining("row-level security") })
  await expect(dump("--enable-row-security")).rejects.toMatchObject({ stderr: expect.stringContaining("no context") })
  expect((await dump("--schema-only")).stdout).toContain("FORCE ROW LEVEL SECURITY")
})
