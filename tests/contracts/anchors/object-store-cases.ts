import { createHash, generateKeyPairSync } from "node:crypto"
import { type S3Anchor, s3Anchor, s3PlaceFrom } from "@wardkeep/audit"
import { AwsClient } from "aws4fetch"
import { afterEach, beforeEach, expect, it } from "vitest"
import { checkpointNote, signerFrom } from "../../../packages/audit/src/seal/note.ts"

/** A bucket with object lock, of whoever made the store. */
export interface Bucket {
  readonly endpoint: string
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly region: string
  readonly bucket: string
  /** Whether it knows If-None-Match where versions are kept. One that does not has a version for each time it was asked. */
  readonly isConditional: boolean
  /** From now on nothing is answered. */
  pause(): void
  resume(): void
}

const keyOf = (): ReturnType<typeof signerFrom> =>
  signerFrom(generateKeyPairSync("ed25519").privateKey.export({ type: "pkcs8", format: "pem" }).toString())
const signer = keyOf()
const other = keyOf()
const day = 86_400_000

/** A checkpoint of so many leaves. */
export const note = (size: bigint, fill = 1, by = signer, log = "clinic"): string =>
  checkpointNote(by, `wardkeep/${log}/5f0c`, size, Buffer.alloc(32, fill))

export const anchorOf = (bucket: Bucket, options: { timeout?: number; secretAccessKey?: string } = {}): S3Anchor => {
  const { endpoint, accessKeyId, secretAccessKey, region } = bucket
  const place = s3PlaceFrom(`s3://${bucket.bucket}/main`, {
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: secretAccessKey,
    AWS_REGION: region,
    AWS_ENDPOINT_URL_S3: endpoint,
  })
  return s3Anchor({ ...place, retainDays: 400, ...options })
}

export const keptIn = async (anchor: S3Anchor): Promise<string[]> =>
  (await anchor.kept()).map(({ checkpoint }) => checkpoint).sort()

/** What somebody with the bucket's credentials does beside Wardkeep. */
export async function asThief(
  { bucket, endpoint, ...place }: Bucket,
  method: string,
  path: string,
  { body, ...headers }: Record<string, string> = {},
): Promise<Response> {
  const { accessKeyId, secretAccessKey, region } = place
  const client = new AwsClient({ accessKeyId, secretAccessKey, region, service: "s3", retries: 0 })
  const hash = createHash("sha256")
    .update(body ?? "")
    .digest("hex")
  return await client.fetch(`${endpoint}/${bucket}${path}`, {
    method,
    headers: { ...headers, "x-amz-content-sha256": hash },
    ...(body !== undefined && { body: new TextEncoder().encode(body) }),
  })
}

/** Key and id of each version below `main/`, as the store lists them: newest first. */
export async function versionsIn(bucket: Bucket): Promise<{ path: string; id: string }[]> {
  const text = await (await asThief(bucket, "GET", "/?versions=&prefix=main%2F&encoding-type=url")).text()
  return [...text.matchAll(/<Version>.*?<\/Version>/gs)].map(([version]) => ({
    path: `/${/<Key>([^<]*)</.exec(version)?.[1]?.replaceAll("%2F", "/")}`,
    id: /<VersionId>([^<]*)</.exec(version)?.[1] ?? "",
  }))
}

/** What an object store must do for an anchor, asked alike of the one of the tests and of those that others wrote. */
export function keepsCheckpoints(opened: () => Promise<Bucket>): void {
  let bucket: Bucket
  beforeEach(async () => {
    bucket = await opened()
  })
  afterEach(() => bucket.resume())

  it("keeps each checkpoint under retention, and shows all of them", async () => {
    const anchor = anchorOf(bucket)
    const notes = [1n, 20n, 300n, 4000n, 50_000n].map((size) => note(size))
    const begun = Date.now()
    for (const each of notes) expect(await anchor.keep(each)).toBe(each)
    expect(await anchor.keep(note(20n))).toBe(note(20n))
    expect(await anchor.keep(note(20n, 1, other))).toBe(note(20n, 1, other))
    const again = bucket.isConditional ? [] : [note(20n), note(20n, 1, other)]
    const kept = await anchor.kept()
    expect(kept.map(({ checkpoint }) => checkpoint).sort()).toEqual([...notes, ...again].sort())
    for (const { lockedUntil } of kept) expect(Number(lockedUntil) - begun).toBeGreaterThan(399 * day)
  })

  it("lets nobody delete one, and what a delete marker hides is read all the same", async () => {
    const anchor = anchorOf(bucket)
    await anchor.keep(note(7n))
    const [{ path, id } = { path: "", id: "" }] = await versionsIn(bucket)
    expect((await asThief(bucket, "DELETE", `${path}?versionId=${id}`)).status).toBe(403)
    expect((await asThief(bucket, "DELETE", path)).status).toBe(204)
    expect((await asThief(bucket, "GET", path)).status).toBe(404)
    expect(await keptIn(anchor)).toEqual([note(7n)])
  })

  it("keeps one that another version hides, and both are read", async () => {
    const anchor = anchorOf(bucket)
    await anchor.keep(note(7n))
    const [{ path } = { path: "" }] = await versionsIn(bucket)
    expect((await asThief(bucket, "PUT", path, { body: note(7n, 2) })).status).toBe(200)
    expect(await keptIn(anchor)).toEqual([note(7n), note(7n, 2)].sort())
  })

  it("reads names with odd characters, and passes over what is no checkpoint", async () => {
    const anchor = anchorOf(bucket)
    const odd = ["50% off", "a+b", "a b", "ä(1)'!*", "a;b&c=d"].map((name, n) => note(BigInt(n + 1), 1, signer, name))
    for (const each of odd) expect(await anchor.keep(each)).toBe(each)
    for (const key of ["notes%3F.txt", "a%23b", "%25zz/x"])
      expect((await asThief(bucket, "PUT", `/main/${key}`, { body: "other" })).status).toBe(200)
    expect(await keptIn(anchor)).toEqual([...odd].sort())
  })

  it("finds at once that another checkpoint of the same size was kept before", async () => {
    const anchor = anchorOf(bucket)
    await anchor.keep(note(7n))
    const found = anchor.keep(note(7n, 2))
    await expect(found).rejects.toMatchObject({ code: "WK451", message: expect.stringContaining("SPLIT_VIEW") })
    expect(await keptIn(anchor)).toEqual(bucket.isConditional ? [note(7n)] : [note(7n), note(7n, 2)].sort())
  })

  it("is refused with the store's reason and without the credentials", async () => {
    const wrong = anchorOf(bucket, { secretAccessKey: "another secret" })
    for (const asked of [() => wrong.keep(note(1n)), () => wrong.kept()])
      await expect(asked()).rejects.toMatchObject({
        code: "WK449",
        message: expect.stringMatching(/403 SignatureDoesNotMatch$/),
      })
    const nowhere = anchorOf({ ...bucket, bucket: "elsewhere" })
    await expect(nowhere.keep(note(1n))).rejects.toMatchObject({ code: "WK449", message: /404 NoSuchBucket$/ })
  })

  it("that does not answer is one error, and is asked again as if nothing had been", async () => {
    const anchor = anchorOf(bucket, { timeout: 500 })
    bucket.pause()
    const late = { code: "WK448", message: expect.stringContaining("did not answer within 0.5 seconds") }
    await expect(anchor.keep(note(7n))).rejects.toMatchObject(late)
    await expect(anchor.kept()).rejects.toMatchObject(late)
    bucket.resume()
    const patient = anchorOf(bucket)
    expect(await patient.keep(note(7n))).toBe(note(7n))
    expect(await keptIn(patient)).toContain(note(7n))
  })
}
