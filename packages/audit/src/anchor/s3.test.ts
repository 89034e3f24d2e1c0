import { afterAll, beforeEach, describe, expect, it } from "vitest"
import { anchorOf, type Bucket, keepsCheckpoints, keptIn, note } from "#tests/contracts/anchors/object-store-cases.ts"
import { type ObjectStore, startObjectStore } from "#tests/harness/src/object-store.ts"
import { s3Anchor } from "./s3.js"
import { type S3Place, s3PlaceFrom } from "./s3-address.js"

let store: ObjectStore
let bucket: Bucket
const stores: ObjectStore[] = []

async function opened(): Promise<Bucket> {
  const started = await startObjectStore()
  // So that every listing has pages.
  started.page = 2
  stores.push(started)
  store = started
  bucket = {
    ...started,
    isConditional: true,
    pause: () => {
      started.fault = "silent"
    },
    resume: () => {
      started.fault = "none"
    },
  }
  return bucket
}
afterAll(() => Promise.all(stores.map((each) => each.stop())))

const env = (): Record<string, string> => ({
  AWS_ACCESS_KEY_ID: store.accessKeyId,
  AWS_SECRET_ACCESS_KEY: store.secretAccessKey,
  AWS_REGION: store.region,
  AWS_ENDPOINT_URL_S3: store.endpoint,
})
const place = (): S3Place => s3PlaceFrom(`s3://${store.bucket}/main`, env())

describe("an object store with object lock", () => {
  keepsCheckpoints(opened)
})

describe("an object store that is not as it should be", () => {
  beforeEach(opened)

  it("is asked again, and keeps one version where it knows If-None-Match", async () => {
    for (let time = 0; time < 3; time++) await anchorOf(bucket).keep(note(7n))
    expect(store.versions).toHaveLength(1)
    await expect(anchorOf(bucket).keep(note(7n, 2))).rejects.toMatchObject({ code: "WK451" })
    expect(store.versions).toHaveLength(1)
    // What somebody put below its name is another object.
    const [kept] = store.versions
    if (kept !== undefined)
      store.versions.unshift({ ...kept, key: `${kept.key}/000000000000001.txt`, body: Buffer.from("other") })
    expect(await anchorOf(bucket).keep(note(7n))).toBe(note(7n))
  })

  it("puts another history over the first where it knows no If-None-Match, and the anchor says so at once", async () => {
    store.fault = "unconditional"
    for (let time = 0; time < 3; time++) expect(await anchorOf(bucket).keep(note(7n))).toBe(note(7n))
    const found = anchorOf(bucket).keep(note(7n, 2))
    await expect(found).rejects.toMatchObject({ code: "WK451", message: expect.stringContaining("SPLIT_VIEW") })
    // From then on both are there: neither is taken for the whole truth.
    await expect(anchorOf(bucket).keep(note(7n))).rejects.toMatchObject({ code: "WK451" })
    expect(new Set(await keptIn(anchorOf(bucket)))).toEqual(new Set([note(7n), note(7n, 2)]))
  })

  it("gives the next page's mark as it is or encoded, and both lead on", async () => {
    const odd = ["50% off", "a+b", "a b", "it's", "a%20b", "%zz"].map((name, n) =>
      note(BigInt(n + 1), 1, undefined, name),
    )
    for (const each of odd) await anchorOf(bucket).keep(each)
    for (const page of [1, 2, 3]) {
      store.page = page
      for (const fault of ["none", "plain-marks"] as const) {
        store.fault = fault
        expect(await keptIn(anchorOf(bucket))).toEqual([...odd].sort())
      }
    }
  })

  it("follows no redirect, and takes neither another server's page nor a listing without an end for a list", async () => {
    await anchorOf(bucket).keep(note(7n))
    store.fault = "redirect"
    await expect(anchorOf(bucket).keep(note(8n))).rejects.toMatchObject({ code: "WK449", message: /307/ })
    store.fault = "web-page"
    await expect(anchorOf(bucket).kept()).rejects.toMatchObject({ code: "WK449", message: /does not list/ })
    store.fault = "circle"
    await expect(anchorOf(bucket).kept()).rejects.toMatchObject({ code: "WK448", message: /without an end/ })
    store.fault = "none"
    expect(await anchorOf(bucket).kept()).toHaveLength(1)
  })

  it.each([
    ["silent", "WK448", "did not answer within 0.3 seconds"],
    ["unavailable", "WK448", "answers 503"],
    ["unlocked", "WK450", "did not lock it"],
    ["wrong-body", "WK451", "keeps another checkpoint"],
  ] as const)("a store that is %s is one error, %s", async (fault, code, message) => {
    store.fault = fault
    const found = anchorOf(bucket, fault === "silent" ? { timeout: 300 } : {}).keep(note(7n))
    await expect(found).rejects.toMatchObject({ code, message: expect.stringContaining(message) })
  })

  it("is not there, or is asked for what cannot be kept", async () => {
    const closed = s3Anchor({ ...place(), endpoint: "http://127.0.0.1:9", retainDays: 1 })
    await expect(closed.keep(note(1n))).rejects.toMatchObject({ code: "WK448" })
    for (const retainDays of [0, 1.5, Number.NaN, 40_000])
      expect(() => s3Anchor({ ...place(), retainDays })).toThrow(expect.objectContaining({ code: "WK009" }))
    await expect(anchorOf(bucket).keep("no checkpoint")).rejects.toMatchObject({ code: "WK009" })
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
