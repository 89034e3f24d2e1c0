import { createHmac, randomUUID } from "node:crypto"
import { beforeAll, describe, expect, it } from "vitest"
import { type Clinic, connected, installClinic, withLogin } from "#tests/fixture/clinic.ts"
import { useDatabase } from "#tests/harness/src/use-database.ts"

const database = useDatabase()
let clinic: Clinic

beforeAll(async () => {
  clinic = await installClinic(database.ownerUrl)
})

const send = async (over: object): Promise<unknown> => {
  const { clinic: tenant, branch } = clinic.branches[0]
  const request = JSON.stringify({
    nonce: randomUUID(),
    issued_at: new Date().toISOString(),
    actor: "asha",
    ttl_seconds: 60,
    assignments: [{ role: "reception", tenant, branches: [branch] }],
    ...over,
  })
  const mac = createHmac("sha256", clinic.key.secret).update(`session:${request}`).digest()
  return await connected(withLogin(database.ownerUrl, clinic.logins.issuer), (issuer) =>
    issuer.query("select * from wardkeep.issue_session($1, $2, $3)", [request, clinic.key.id, mac]),
  )
}

describe("a signed request", () => {
  it.each([
    ["without a nonce", undefined],
    ["with an empty one", ""],
    ["with null", null],
    ["with a number", 7],
    ["with a text that is no UUID", "once"],
    ["with an object", { nonce: 1 }],
  ])("%s is refused as what it is", async (_what, nonce) => {
    await expect(send({ nonce })).rejects.toMatchObject({ code: "WK202", message: expect.stringContaining("nonce") })
  })

  it("names its nonce in capitals or not, once", async () => {
    const nonce = randomUUID()
    await send({ nonce: nonce.toUpperCase() })
    await expect(send({ nonce })).rejects.toMatchObject({ code: "WK202" })
  })
})
