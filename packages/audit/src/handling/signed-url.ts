import { createHash, createHmac } from "node:crypto"
import { WardkeepError } from "@wardkeep/core"
import { begin, type HandedOut, type HandlingClient } from "./call.js"

/** Makes an address of an object store under which a key can be fetched for some seconds. */
export type UrlSigner = (key: string, seconds: number) => string | Promise<string>

export interface SignedUrl {
  readonly url: string
  /** What the object is called in the store: `tenant/table/record/file`. */
  readonly key: string
}

/**
 * An address under which one file of one record can be fetched from an object store, for at most 60 seconds, under the
 * policy's `download`. The key is made of the tenant of the context and of the record that the database found, never of what a request
 * says. Signing is the event: who fetches it, and how often, the store knows.
 *
 * @param what.file the file's name under the record
 * @param seconds 1 to 60; default 60
 * @throws WK430 · WK431 · WK434 no record, no name or more than a minute · WK101, WK102 · WK103 inside a transaction
 * @example const { url } = await signDownload(wk, { relation: "public.attachment", record: id, file: "scan.pdf" }, signer)
 */
export async function signDownload(
  client: HandlingClient,
  what: Pick<HandedOut, "relation" | "columns"> & { readonly record: string; readonly file: string },
  signer: UrlSigner,
  seconds = 60,
): Promise<SignedUrl> {
  const { relation, columns, record, file } = what
  if (file === "" || /^\.+$/.test(file))
    throw new WardkeepError("WK434", { message: "a signed address needs the file's name" })
  const handed = { relation, records: [record], file, ...(columns !== undefined && { columns }) }
  const begun = await begin<{ tenant: string; record: string }>(client, "download", handed, { seconds })
  const key = [begun.tenant, relation, begun.record, file].map(encodeURIComponent).join("/")
  return { url: await signer(key, seconds), key }
}

export interface S3SignerOptions {
  /** Up to the key: `https://clinic-files.s3.ap-south-1.amazonaws.com/`, or with the bucket as path for other stores. */
  readonly address: string
  readonly region: string
  readonly accessKeyId: string
  readonly secretAccessKey: string
  /** Of temporary credentials. */
  readonly sessionToken?: string
  /** For tests; default the clock. */
  readonly now?: () => Date
}

/**
 * Signs GET addresses of S3 and stores like it: AWS Signature Version 4 in the query, host as the only signed header,
 * payload unsigned (https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html).
 *
 * @throws WK009 an address that is no URL
 * @example const signer = s3Signer({ address, region: "ap-south-1", accessKeyId, secretAccessKey })
 */
export function s3Signer(options: S3SignerOptions): UrlSigner {
  const { address, region, accessKeyId, secretAccessKey, sessionToken, now = () => new Date() } = options
  if (!URL.canParse(address)) throw new WardkeepError("WK009", { message: "address is not a URL" })
  const base = new URL(address.endsWith("/") ? address : `${address}/`)
  return (key, seconds) => {
    const stamp = now()
      .toISOString()
      .replace(/[-:]|\.\d+/g, "")
    const scope = `${stamp.slice(0, 8)}/${region}/s3/aws4_request`
    const path = base.pathname + key.split("/").map(encoded).join("/")
    const query = new Map([
      ["X-Amz-Algorithm", "AWS4-HMAC-SHA256"],
      ["X-Amz-Credential", `${accessKeyId}/${scope}`],
      ["X-Amz-Date", stamp],
      ["X-Amz-Expires", String(seconds)],
      ...(sessionToken === undefined ? [] : [["X-Amz-Security-Token", sessionToken] as const]),
      ["X-Amz-SignedHeaders", "host"],
    ])
    const asked = [...query].map(([name, value]) => `${encoded(name)}=${encoded(value)}`).join("&")
    const canonical = ["GET", path, asked, `host:${base.host}`, "", "host", "UNSIGNED-PAYLOAD"].join("\n")
    const digest = createHash("sha256").update(canonical).digest("hex")
    const signing = [stamp.slice(0, 8), region, "s3", "aws4_request"].reduce<Buffer | string>(
      mac,
      `AWS4${secretAccessKey}`,
    )
    const signature = mac(signing, ["AWS4-HMAC-SHA256", stamp, scope, digest].join("\n")).toString("hex")
    return `${base.origin}${path}?${asked}&X-Amz-Signature=${signature}`
  }
}

function mac(key: Buffer | string, text: string): Buffer {
  return createHmac("sha256", key).update(text).digest()
}

/** RFC 3986: what encodeURIComponent leaves as it is and the store does not. */
function encoded(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`)
}
