import { randomUUID } from "node:crypto"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { type Ceph, startCeph } from "#tests/harness/src/ceph.ts"
import { anchorOf, asThief, type Bucket, keepsCheckpoints, keptIn, note, versionsIn } from "./object-store-cases.ts"

let ceph: Ceph

beforeAll(async () => {
  ceph = await startCeph()
  process.stdout.write(`${ceph.version}\n`)
}, 240_000)
afterAll(() => ceph?.stop())

async function newBucket(locked = true): Promise<Bucket> {
  const bucket = { ...ceph, isConditional: false, bucket: `anchors-${randomUUID()}` }
  const lock: Record<string, string> = locked ? { "x-amz-bucket-object-lock-enabled": "true" } : {}
  expect((await asThief(bucket, "PUT", "", lock)).status).toBe(200)
  return bucket
}

describe("Ceph's object gateway", () => {
  keepsCheckpoints(() => newBucket())

  it("lets nobody shorten a retention, end it, or take the lock off the bucket", async () => {
    const bucket = await newBucket()
    await anchorOf(bucket).keep(note(7n))
    const [{ path, id } = { path: "", id: "" }] = await versionsIn(bucket)
    const until = new Date(Date.now() + 86_400_000).toISOString()
    for (const mode of ["COMPLIANCE", "GOVERNANCE"])
      expect((await changed(bucket, `${path}?retention=&versionId=${id}`, retention(mode, until))).status).toBe(403)
    const suspended = "<VersioningConfiguration><Status>Suspended</Status></VersioningConfiguration>"
    expect((await changed(bucket, "?versioning=", suspended)).status).toBe(409)
    expect((await anchorOf(bucket).kept()).map(({ checkpoint }) => checkpoint)).toEqual([note(7n)])
  })

  it("that made the bucket without object lock is refused", async () => {
    const bucket = await newBucket(false)
    await expect(anchorOf(bucket).keep(note(7n))).rejects.toMatchObject({ code: "WK449" })
    expect(await keptIn(anchorOf(bucket))).toEqual([])
  })
})

const retention = (mode: string, until: string): string =>
  `<Retention><Mode>${mode}</Mode><RetainUntilDate>${until}</RetainUntilDate></Retention>`

async function changed(bucket: Bucket, path: string, body: string): Promise<Response> {
  return await asThief(bucket, "PUT", path, { body })
}
