import { generateKeyPairSync } from "node:crypto"
import { expect, it } from "vitest"
import { callCli } from "#tests/cli/call-cli.ts"
import { emptyFolder, newDeployment, writePolicy } from "#tests/cli/run-cli.ts"
import { useDatabase } from "#tests/harness/src/use-database.ts"

const database = useDatabase({ pooler: { poolSize: 4 } })

it("seals at the server's own address, and not through a pooler", async () => {
  const folder = await emptyFolder()
  const deployment = newDeployment()
  await writePolicy(folder, deployment)
  const admin = { WARDKEEP_ADMIN_URL: database.ownerUrl }
  const migrated = await callCli(folder, ["migrate", "--audit", "--generate-passwords", "--json"], admin)
  const user = `wk_${deployment}_migrator`
  const login = { user, password: JSON.parse(migrated.stdout).generatedPasswords[user] }
  const key = generateKeyPairSync("ed25519").privateKey.export({ type: "pkcs8", format: "pem" }).toString()
  const seal = (url: string): ReturnType<typeof callCli> =>
    callCli(folder, ["audit", "seal", "--database-url", url], { WARDKEEP_AUDIT_KEY: key })
  const pooled = await seal(database.appUrl(login))
  expect(pooled).toMatchObject({ code: 2, stdout: "" })
  expect(pooled.stderr).toContain("WK410 a pooler stands between")
  expect(await seal(database.url(login))).toMatchObject({ code: 0, stderr: "" })
})
