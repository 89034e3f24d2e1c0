import { generateKeyPairSync } from "node:crypto"
import { expect, it } from "vitest"
import { emptyFolder, hostTables, newDeployment, runCli, writePolicy } from "#tests/cli/run-cli.ts"
import { connected } from "#tests/fixture/clinic.ts"
import { useDatabase } from "#tests/harness/src/use-database.ts"

const database = useDatabase({ owner: "limited-admin" })

it("an administrator with CREATEROLE and CREATEDB only installs, plans, applies and diagnoses", async () => {
  const folder = await emptyFolder()
  const deployment = newDeployment()
  const env = { WARDKEEP_ADMIN_URL: database.ownerUrl }
  await writePolicy(folder, deployment)
  await connected(database.ownerUrl, async (client) => {
    const { rows } = await client.query("select rolsuper, rolbypassrls from pg_roles where rolname = current_user")
    expect(rows).toEqual([{ rolsuper: false, rolbypassrls: false }])
    await client.query(hostTables)
  })
  expect(await runCli(folder, ["migrate", "--audit", "--generate-passwords"], env)).toMatchObject({
    code: 0,
    stderr: "",
  })
  await connected(database.ownerUrl, async (client) => {
    for (const table of ["clinic", "branch", "patient"])
      await client.query(`alter table ${table} owner to wk_${deployment}_owner`)
  })
  expect(await runCli(folder, ["apply", "--yes"], env)).toMatchObject({ code: 0, stderr: "" })
  const { findings, notChecked } = JSON.parse((await runCli(folder, ["doctor", "--json"], env)).stdout)
  expect(notChecked).toEqual([])
  const checks = findings.map((finding: { check: string }) => finding.check)
  for (const check of ["drift", "policy-not-applied", "database-privilege", "role-exempt", "role-membership"])
    expect(checks).not.toContain(check)
  const pem = generateKeyPairSync("ed25519").privateKey.export({ type: "pkcs8", format: "pem" }).toString()
  const sealed = await runCli(folder, ["audit", "seal"], { ...env, WARDKEEP_AUDIT_KEY: pem })
  expect(sealed).toMatchObject({ code: 0, stderr: "", stdout: expect.stringContaining(`wardkeep/${deployment}/`) })
  const refused = await runCli(folder, ["migrate", "--strategy", "accelerated"], env)
  expect(refused.code).toBe(4)
  expect(refused.stderr).toContain("WK306 this administrator may not grant a privileged parameter")
})
