import { createHash, createHmac, randomBytes } from "node:crypto"
import { createServer, type IncomingMessage } from "node:http"
import type { AddressInfo } from "node:net"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { useClient } from "#tests/fixture/client.ts"
import { policyWithHandling } from "#tests/fixture/policy.ts"
import { useDatabase } from "#tests/harness/src/use-database.ts"
import { audit } from "../compile/audit.js"
import { s3Signer, signDownload } from "./signed-url.js"

const database = useDatabase()
const used = useClient(database, {
  policy: policyWithHandling(`u${randomBytes(4).toString("hex")}`),
  extensions: [audit],
})
const accessKeyId = "AKIAIOSFODNN7EXAMPLE"
const secretAccessKey = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
const server = createServer((request, response) => {
  response.statusCode = verdictOf(request, new Date())
  response.end()
})
let address = ""

/** A store's side of Signature Version 4, from its specification: 200, or 403 as a store answers. */
function verdictOf(request: IncomingMessage, at: Date): number {
  const [path = "", query = ""] = (request.url ?? "").split("?")
  const given = new Map(query.split("&").map((pair) => pair.split("=").map(decodeURIComponent) as [string, string]))
  const [id, day = "", region = "", service = "", end = ""] = (given.get("X-Amz-Credential") ?? "").split("/")
  const stamp = given.get("X-Amz-Date") ?? ""
  const began = Date.parse(stamp.replace(/^(....)(..)(..)T(..)(..)(..)Z$/, "$1-$2-$3T$4:$5:$6Z"))
  const seconds = Number(given.get("X-Amz-Expires"))
  if (id !== accessKeyId || !(at.getTime() < began + seconds * 1000) || seconds > 60) return 403
  const signed = query
    .split("&")
    .filter((pair) => !pair.startsWith("X-Amz-Signature="))
    .sort()
    .join("&")
  const canonical = `${request.method}\n${path}\n${signed}\nhost:${request.headers.host}\n\nhost\nUNSIGNED-PAYLOAD`
  const text = `AWS4-HMAC-SHA256\n${stamp}\n${day}/${region}/${service}/${end}\n${createHash("sha256").update(canonical).digest("hex")}`
  let key: Buffer = Buffer.from(`AWS4${secretAccessKey}`)
  for (const part of [day, region, service, end]) key = createHmac("sha256", key).update(part).digest()
  return createHmac("sha256", key).update(text).digest("hex") === given.get("X-Amz-Signature") ? 200 : 403
}

beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  address = `http://127.0.0.1:${(server.address() as AddressInfo).port}/files`
})
afterAll(() => new Promise((resolve) => server.close(resolve)))

describe("a signed address", () => {
  it("is the one that the specification of the signature prints", async () => {
    // https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html, the example of a GET
    const now = (): Date => new Date("2013-05-24T00:00:00Z")
    const signer = s3Signer({
      address: "https://examplebucket.s3.amazonaws.com",
      region: "us-east-1",
      accessKeyId,
      secretAccessKey,
      now,
    })
    expect(new URL(await signer("test.txt", 86_400)).searchParams.get("X-Amz-Signature")).toBe(
      "aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404",
    )
  })

  it("is opened by a store for the record that the database found, and signing it is the event", async () => {
    const [place] = used.clinic.branches
    const [patient] = await used.admin<{ id: string }>("select id from patient where branch_id = $1 limit 1", [
      place.branch,
    ])
    const record = patient?.id ?? ""
    const signer = s3Signer({ address, region: "ap-south-1", accessKeyId, secretAccessKey, sessionToken: "a/b+c==" })
    const what = { relation: "public.patient", record: record.toUpperCase(), file: "scan (1)/ä.pdf" }
    // A key in another spelling is the same uuid to PostgreSQL: what is signed is the database's.
    const { url, key } = await used.wk.run(used.doctor, () => signDownload(used.wk, what, signer, 30))
    expect(key).toBe(`${place.clinic}/public.patient/${record}/${encodeURIComponent(what.file)}`)
    expect((await fetch(url)).status).toBe(200)
    expect((await fetch(url, { method: "PUT" })).status).toBe(403)
    expect((await fetch(url.replace(record, place.branch))).status).toBe(403)
    expect((await fetch(url.replace("Expires=30", "Expires=60"))).status).toBe(403)
    const told = await used.admin(
      "select verb, record, subject, detail::json ->> 'phase' as phase, detail::json ->> 'seconds' as seconds from wardkeep_audit.event where verb = 'download'",
    )
    expect(told).toEqual([{ verb: "download", record, subject: record, phase: "signed", seconds: "30" }])
  })

  it("is signed for nobody who may not, for no longer than a minute, and for no record elsewhere", async () => {
    const [other] = await used.admin<{ id: string }>("select id from patient where branch_id = $1 limit 1", [
      used.clinic.branches[2].branch,
    ])
    const [own] = await used.admin<{ id: string }>("select id from patient where branch_id = $1 limit 1", [
      used.clinic.branches[0].branch,
    ])
    let signed = 0
    const signer = (): string => `https://files.example/${signed++}`
    const what = { relation: "public.patient", record: own?.id ?? "", file: "scan.pdf" }
    await used.wk.run(used.doctor, async () => {
      for (const seconds of [0, 61, 1.5, Number.NaN])
        await expect(signDownload(used.wk, what, signer, seconds)).rejects.toMatchObject({ code: "WK434" })
      await expect(signDownload(used.wk, { ...what, file: ".." }, signer)).rejects.toMatchObject({ code: "WK434" })
      await expect(signDownload(used.wk, { ...what, record: other?.id ?? "" }, signer)).rejects.toMatchObject({
        code: "WK431",
      })
    })
    await used.wk.run(used.other, async () => {
      await expect(signDownload(used.wk, { ...what, record: other?.id ?? "" }, signer)).rejects.toMatchObject({
        code: "WK430",
      })
    })
    expect(signed).toBe(0)
  })
})
