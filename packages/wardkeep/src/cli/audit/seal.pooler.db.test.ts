import { generateKeyPairSync } from "node:crypto"
import { beforeAll, expect, it } from "vitest"
import { callCli } from "#tests/cli/call-cli.ts"
import { emptyFolder, newDeployment, writePolicy } from "#tests/cli/run-cli.ts"
import { connected } from "#tests/fixture/clinic.ts"
import { useDatabase } from "#tests/harness/src/use-database.ts"
import { seal } from "../../commands/audit/seal.js"
import { loadPolicy } from "../../commands/policy-file.js"

const database = useDatabase({ pooler: { poolSize: 4 } })
const deployment = newDeployment()
const key = generateKeyPairSync("ed25519").privateKey.export({ type: "pkcs8", format: "pem" }).toString()
let folder = ""
let login = { user: `wk_${deployment}_migrator`, password: "" }

beforeAll(async () => {
  folder = await emptyFolder()
  await writePolicy(folder, deployment)
  const admin = { WARDKEEP_ADMIN_URL: database.ownerUrl }
  const migrated = await callCli(folder, ["migrate", "--audit", "--generate-passwords", "--json"], admin)
  login = { ...login, password: JSON.parse(migrated.stdout).generatedPasswords[login.user] }
})

it("seals at the server's own address, and not through a pooler", async () => {
  const sealAt = (url: string): ReturnType<typeof callCli> =>
    callCli(folder, ["audit", "seal", "--database-url", url], { WARDKEEP_AUDIT_KEY: key })
  const pooled = await sealAt(database.appUrl(login))
  expect(pooled).toMatchObject({ code: 2, stdout: "" })
  expect(pooled.stderr).toContain("WK410 a pooler stands between")
  expect(await sealAt(database.url(login))).toMatchObject({ code: 0, stderr: "" })
})

it("signs nothing more where its file is not behind it any more, also while it runs", async () => {
  const { policy } = await loadPolicy(undefined, folder)
  let written = 0
  /** Seals as often as there are answers to what the file holds. */
  const sealed = async (...files: string[]): Promise<void> => {
    const ending = new AbortController()
    const kept = async (): Promise<string | undefined> => {
      const file = files.shift()
      if (files.length === 0) ending.abort()
      return file
    }
    const every = { milliseconds: 10, signal: ending.signal }
    const onSealed = async (): Promise<void> => void written++
    const connection = { databaseUrl: database.url(login), env: {} }
    await seal({ policy, connection, key, kept, every, onSealed })
  }
  const heads = async (): Promise<string[]> => {
    const { rows } = await connected(database.adminUrl, (client) =>
      client.query<{ note: string }>("select note from wardkeep_audit.checkpoint order by log, size"),
    )
    return rows.map(({ note }) => note)
  }
  const before = await heads()
  const [own = ""] = before
  await sealed(own, own, own)
  const [name = "", size = "", root = ""] = own.split("\n")
  for (const [other, says] of [
    [own.replaceAll(name, `${name.slice(0, -12)}000000000000`), "the file holds a checkpoint of"],
    [own.replace(`\n${size}\n`, `\n${Number(size) + 1}\n`), "this is an older state"],
    [own.replace(root, Buffer.alloc(32, 1).toString("base64")), "it is sealed in two places"],
    [own.replace(`\n${size}\n`, "\n0\n"), "it is sealed in two places"],
  ] as const) {
    const refused = { code: "WK447", message: expect.stringContaining(says) }
    await expect(sealed(other)).rejects.toMatchObject(refused)
    // The checkpoint of whoever took its place comes while it runs.
    await expect(sealed(own, own, other)).rejects.toMatchObject(refused)
  }
  expect(written).toBe(0)
  expect(await heads()).toEqual(before)
})
