import { createHash, generateKeyPairSync } from "node:crypto"
import { AwsClient } from "aws4fetch"
import { afterAll, beforeEach, describe, expect, it } from "vitest"
import { type ObjectStore, startObjectStore } from "#tests/harness/src/object-store.ts"
import { checkpointNote, signerFrom } from "../seal/note.js"
import { s3Anchor } from "./s3.js"
import { type S3Place, s3PlaceFrom } from "./s3-address.js"

const signer = signerFrom(generateKeyPairSync("ed25519").privateKey.export({ type: "pkcs8", format: "pem" }).toString())
const other = signerFrom(generateKeyPairSync("ed25519").privateKey.export({ type: "pkcs8", format: "pem" }).toString())
const origin = "wardkeep/clinic/5f0c"
const note = (size: bigint, fill = 1, by = signer): string => checkpointNote(by, origin, size, Buffer.alloc(32, fill))
let store: ObjectStore
const stores: ObjectStore[] = []

beforeEach(async () => {
  store = await startObjectStore()
  stores.push(store)
})
afterAll(() => Promise.all(stores.map((each) => each.stop())))

const env = (): Record<string, string> => ({
  AWS_ACCESS_KEY_ID: store.accessKeyId,
  AWS_SECRET_ACCESS_KEY: store.secretAccessKey,
  AWS_REGION: store.region,
  AWS_ENDPOINT_URL_S3: store.endpoint,
})
const place = (): S3Place => s3PlaceFrom(`s3://${store.bucket}/main`, env())
const anchor = (timeout = 10_000): ReturnType<typeof s3Anchor> => s3Anchor({ ...place(), retainDays: 400, timeout })
/** What somebody with the bucket's credentials does beside Wardkeep. */
async function asThief(method: string, path: string): Promise<number> {
  const client = new AwsClient({ ...place(), service: "s3", retries: 0 })
  const headers = { "x-amz-content-sha256": createHash("sha256").digest("hex") }
  return (await client.fetch(`${store.endpoint}/${store.bucket}/${path}`, { method, headers })).status
}

describe("an object store with object lock", () => {
  it("keeps each checkpoint under retention, once, and shows all of them page by page", async () => {
    store.page = 2
    const notes = [1n, 20n, 300n, 4000n, 50_000n].map((size) => note(size))
    const begun = Date.now()
    for (const each of notes) expect(await anchor().keep(each)).toBe(each)
    expect(await anchor().keep(note(20n))).toBe(note(20n))
    expect(await anchor().keep(note(20n, 1, other))).toBe(note(20n, 1, other))
    expect(store.versions).toHaveLength(5)
    const kept = await anchor().kept()
    expect(kept.map(({ checkpoint }) => checkpoint).sort()).toEqual([...notes].sort())
    for (const { lockedUntil } of kept) expect(Number(lockedUntil) - begun).toBeGreaterThanOrEqual(400 * 86_400_000 - 1)
  })

  it("lets nobody delete or overwrite one, and what a delete marker hides is read all the same", async () => {
    await anchor().keep(note(7n))
    const [{ key, id } = { key: "", id: "" }] = store.versions
    expect(await asThief("DELETE", `${key}?versionId=${id}`)).toBe(403)
    expect(await asThief("DELETE", key)).toBe(204)
    expect((await anchor().kept()).map(({ checkpoint }) => checkpoint)).toEqual([note(7n)])
  })

  it("reads names with odd characters, and passes over what is no checkpoint", async () => {
    const odd = ["50% off", "a+b", "a b", "ä(1)'!*", "a;b&c=d"].map((name, n) =>
      checkpointNote(signer, `wardkeep/${name}/5f0c`, BigInt(n + 1), Buffer.alloc(32, 1)),
    )
    for (const each of odd) expect(await anchor().keep(each)).toBe(each)
    expect(store.versions.map(({ key }) => key)).toContain("main/wardkeep/50% off/5f0c/000000000000001.txt")
    for (const key of ["main/notes?.txt", "main/a#b", "main/%zz/../x"])
      store.versions.unshift({ key, id: "1", body: Buffer.from("other"), lockedUntil: undefined, marker: false })
    const kept = await anchor().kept()
    expect(kept.map(({ checkpoint }) => checkpoint).sort()).toEqual([...odd].sort())
  })

  it("follows no redirect, and takes neither another server's page nor a listing without an end for a list", async () => {
    await anchor().keep(note(7n))
    store.fault = "redirect"
    await expect(anchor().keep(note(8n))).rejects.toMatchObject({ code: "WK449", message: /307/ })
    store.fault = "web-page"
    await expect(anchor().kept()).rejects.toMatchObject({ code: "WK449", message: /does not list/ })
    store.fault = "circle"
    await expect(anchor().kept()).rejects.toMatchObject({ code: "WK448", message: /without an end/ })
    store.fault = "none"
    expect(await anchor().kept()).toHaveLength(1)
  })

  it("finds at once that another checkpoint of the same size was kept before", async () => {
    await anchor().keep(note(7n))
    const found = anchor().keep(note(7n, 2))
    await expect(found).rejects.toMatchObject({ code: "WK451", message: expect.stringContaining("SPLIT_VIEW") })
    expect(store.versions).toHaveLength(1)
  })

  it.each([
    ["silent", "WK448", "did not answer within 0.3 seconds"],
    ["unavailable", "WK448", "answers 503"],
    ["unlocked", "WK450", "did not lock it"],
    ["wrong-body", "WK451", "keeps another checkpoint"],
  ] as const)("a store that is %s is one error, %s", async (fault, code, message) => {
    store.fault = fault
    const found = anchor(fault === "silent" ? 300 : 10_000).keep(note(7n))
    await expect(found).rejects.toMatchObject({ code, message: expect.stringContaining(message) })
  })

  it("is refused with the store's reason and without the credentials", async () => {
    const wrong = s3Anchor({ ...place(), secretAccessKey: "another secret", retainDays: 1 })
    for (const asked of [wrong.keep(note(1n)), wrong.kept()])
      await expect(asked).rejects.toMatchObject({
        code: "WK449",
        message: expect.stringMatching(/403 SignatureDoesNotMatch$/),
      })
    const nowhere = s3Anchor({ ...place(), bucket: "elsewhere", retainDays: 1 })
    await expect(nowhere.keep(note(1n))).rejects.toMatchObject({ code: "WK449" })
    const closed = s3Anchor({ ...place(), endpoint: "http://127.0.0.1:9", retainDays: 1 })
    await expect(closed.keep(note(1n))).rejects.toMatchObject({ code: "WK448" })
    for (const retainDays of [0, 1.5, Number.NaN, 40_000])
      expect(() => s3Anchor({ ...place(), retainDays })).toThrow(expect.objectContaining({ code: "WK009" }))
    await expect(anchor().keep("no checkpoint")).rejects.toMatchObject({ code: "WK009" })
  })

  it("is described by an address and the usual variables, or not at all", () => {
    expect(s3PlaceFrom("s3://a-bucket", env())).toMatchObject({ bucket: "a-bucket", prefix: "" })
    expect(s3PlaceFrom("s3://a-bucket/a/b/", { ...env(), AWS_ENDPOINT_URL_S3: "" })).toMatchObject({
      prefix: "a/b",
      endpoint: "https://s3.ap-south-1.amazonaws.com",
    })
    for (const bad of ["s3://", "s3://A", "s3://bucket/../x", "s3://bucket//x", "s3://bucket/x y"])
      expect(() => s3PlaceFrom(bad, env())).toThrow(expect.objectContaining({ code: "WK453" }))
    for (const name of ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_REGION"])
      expect(() => s3PlaceFrom("s3://bucket", { ...env(), [name]: "" })).toThrow(`needs ${name}`)
    for (const endpoint of [
      "http://store.example",
      "store",
      "ftp://localhost",
      "https://user:hunter2@store.example",
      "https://store.example/?x",
    ]) {
      const refused = expect.objectContaining({ code: "WK453", message: expect.not.stringContaining("hunter2") })
      expect(() => s3PlaceFrom("s3://bucket", { ...env(), AWS_ENDPOINT_URL_S3: endpoint })).toThrow(refused)
      expect(() => s3Anchor({ ...place(), endpoint, retainDays: 1 })).toThrow(refused)
    }
    expect(() => s3PlaceFrom("s3://key:hunter2@bucket", env())).toThrow(
      expect.objectContaining({ code: "WK453", message: expect.not.stringContaining("hunter2") }),
    )
  })
})
