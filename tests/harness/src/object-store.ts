import { createHash, createHmac, randomUUID, timingSafeEqual } from "node:crypto"
import { createServer, type IncomingMessage, type ServerResponse } from "node:http"
import type { AddressInfo } from "node:net"

interface Version {
  readonly key: string
  readonly id: string
  readonly body: Buffer
  readonly lockedUntil: Date | undefined
  readonly marker: boolean
}

/** A bucket with object lock on loopback, written from the public description of the S3 API and sharing no code with the client. */
export interface ObjectStore {
  readonly endpoint: string
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly region: string
  readonly bucket: string
  /** All versions, newest first. */
  readonly versions: Version[]
  /** What was asked, without the host. */
  readonly requests: string[]
  /** How it fails from now on. */
  fault:
    | "none"
    | "silent"
    | "unlocked"
    | "unavailable"
    | "wrong-body"
    | "redirect"
    | "web-page"
    | "circle"
    | "unconditional"
    | "plain-marks"
  /** Entries on one page of a listing. */
  page: number
  stop(): Promise<void>
}

class Refusal extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
  ) {
    super(code)
  }
}

/** Starts it on a free port of 127.0.0.1. */
export async function startObjectStore(): Promise<ObjectStore> {
  const server = createServer((request, response) => void serve(request, response, store))
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  const { port } = server.address() as AddressInfo
  const store: ObjectStore = {
    endpoint: `http://127.0.0.1:${port}`,
    accessKeyId: `AK${randomUUID().slice(0, 8)}`,
    secretAccessKey: randomUUID(),
    region: "ap-south-1",
    bucket: "clinic-anchors",
    versions: [],
    requests: [],
    fault: "none",
    page: 1000,
    async stop() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
  return store
}

async function serve(request: IncomingMessage, response: ServerResponse, store: ObjectStore): Promise<void> {
  const parts: Buffer[] = []
  for await (const part of request) parts.push(part)
  const body = Buffer.concat(parts)
  store.requests.push(`${request.method} ${request.url}`)
  if (store.fault === "silent") return
  if (store.fault === "web-page") return void response.end("<html><p>Sign in to this network</p></html>")
  if (store.fault === "redirect") return void response.writeHead(307, { location: "http://127.0.0.1:9/" }).end()
  // Two markers that lead to each other.
  if (store.fault === "circle") {
    const next = request.url?.includes("key-marker=a") ? "b" : "a"
    const more = `<IsTruncated>true</IsTruncated><NextKeyMarker>${next}</NextKeyMarker><NextVersionIdMarker>1</NextVersionIdMarker>`
    return void response.end(`<ListVersionsResult>${more}</ListVersionsResult>`)
  }
  try {
    if (store.fault === "unavailable") throw new Refusal(503, "SlowDown")
    requireSignature(request, body, store)
    answer(request, response, body, store)
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    response.statusCode = error.status
    response.end(`<?xml version="1.0"?><Error><Code>${error.code}</Code></Error>`)
  }
}

/** Signature Version 4 in the Authorization header, every signed header and the body's hash included. */
function requireSignature(request: IncomingMessage, body: Buffer, store: ObjectStore): void {
  const authorization = request.headers.authorization ?? ""
  const [, id, day = "", region = "", names = "", signature = ""] =
    /^AWS4-HMAC-SHA256 Credential=([^/]+)\/(\d{8})\/([^/]+)\/s3\/aws4_request, ?SignedHeaders=([^,]+), ?Signature=([0-9a-f]{64})$/.exec(
      authorization,
    ) ?? []
  if (id !== store.accessKeyId || region !== store.region) throw new Refusal(403, "InvalidAccessKeyId")
  const hash = createHash("sha256").update(body).digest("hex")
  const stamp = String(request.headers["x-amz-date"])
  const at = Date.parse(stamp.replace(/^(....)(..)(..)T(..)(..)(..)Z$/, "$1-$2-$3T$4:$5:$6Z"))
  if (!(Math.abs(Date.now() - at) < 900_000)) throw new Refusal(403, "RequestTimeTooSkewed")
  if (request.headers["x-amz-content-sha256"] !== hash) throw new Refusal(400, "XAmzContentSHA256Mismatch")
  // What changes the meaning of the request has to be under the signature.
  const amazon = Object.keys(request.headers).filter((name) => name.startsWith("x-amz-") || name === "content-md5")
  if (["host", ...amazon].some((name) => !names.split(";").includes(name))) throw new Refusal(403, "AccessDenied")
  const [path = "", query = ""] = (request.url ?? "").split("?")
  const headers = names.split(";").map((name) => `${name}:${String(request.headers[name]).trim()}\n`)
  const asked = query
    .split("&")
    .filter(Boolean)
    .map((pair) => (pair.includes("=") ? pair : `${pair}=`))
    .sort()
    .join("&")
  const canonical = [request.method, path, asked, headers.join(""), names, hash].join("\n")
  const scope = `${day}/${region}/s3/aws4_request`
  const text = ["AWS4-HMAC-SHA256", stamp, scope, createHash("sha256").update(canonical).digest("hex")].join("\n")
  let key: Buffer = Buffer.from(`AWS4${store.secretAccessKey}`)
  for (const part of [day, region, "s3", "aws4_request"]) key = createHmac("sha256", key).update(part).digest()
  const wanted = createHmac("sha256", key).update(text).digest()
  if (!timingSafeEqual(wanted, Buffer.from(signature, "hex"))) throw new Refusal(403, "SignatureDoesNotMatch")
}

function answer(request: IncomingMessage, response: ServerResponse, body: Buffer, store: ObjectStore): void {
  const url = new URL(request.url ?? "", store.endpoint)
  const [, bucket, ...rest] = url.pathname.split("/")
  const key = rest.map(decodeURIComponent).join("/")
  if (bucket !== store.bucket) throw new Refusal(404, "NoSuchBucket")
  if (request.method === "GET" && url.searchParams.has("versions")) list(url.searchParams, response, store)
  else if (request.method === "GET") get(key, url.searchParams.get("versionId"), response, store)
  else if (request.method === "PUT") put(key, request, response, body, store)
  else if (request.method === "DELETE") remove(key, url.searchParams.get("versionId"), response, store)
  else throw new Refusal(405, "MethodNotAllowed")
}

function put(
  key: string,
  { headers }: IncomingMessage,
  response: ServerResponse,
  body: Buffer,
  store: ObjectStore,
): void {
  const current = store.versions.find((version) => version.key === key)
  const isConditional = headers["if-none-match"] === "*" && store.fault !== "unconditional"
  if (isConditional && current !== undefined && !current.marker) throw new Refusal(412, "PreconditionFailed")
  const retain = headers["x-amz-object-lock-retain-until-date"]
  const until = retain === undefined ? undefined : new Date(String(retain))
  if (until !== undefined && !(until.getTime() > Date.now())) throw new Refusal(400, "InvalidArgument")
  if (until !== undefined && headers["x-amz-object-lock-mode"] !== "COMPLIANCE")
    throw new Refusal(400, "InvalidArgument")
  const md5 = headers["content-md5"]
  if (until !== undefined && md5 === undefined) throw new Refusal(400, "InvalidRequest")
  if (md5 !== undefined && md5 !== createHash("md5").update(body).digest("base64")) throw new Refusal(400, "BadDigest")
  const kept = store.fault === "wrong-body" ? Buffer.from("something else\n") : body
  const lockedUntil = store.fault === "unlocked" ? undefined : until
  store.versions.unshift({ key, id: randomUUID(), body: kept, lockedUntil, marker: false })
  response.end()
}

function get(key: string, version: string | null, response: ServerResponse, store: ObjectStore): void {
  const found = store.versions.find((each) => each.key === key && (version === null || each.id === version))
  if (found === undefined || found.marker) throw new Refusal(404, "NoSuchKey")
  if (found.lockedUntil !== undefined) {
    response.setHeader("x-amz-object-lock-mode", "COMPLIANCE")
    response.setHeader("x-amz-object-lock-retain-until-date", found.lockedUntil.toISOString())
  }
  response.end(found.body)
}

/** Without a version: a marker hides the object, which object lock allows. With one: never before its time. */
function remove(key: string, version: string | null, response: ServerResponse, store: ObjectStore): void {
  if (version === null)
    store.versions.unshift({ key, id: randomUUID(), body: Buffer.of(), lockedUntil: undefined, marker: true })
  else {
    const at = store.versions.findIndex((each) => each.key === key && each.id === version)
    const until = store.versions[at]?.lockedUntil
    if (until !== undefined && until.getTime() > Date.now()) throw new Refusal(403, "AccessDenied")
    if (at >= 0) store.versions.splice(at, 1)
  }
  response.statusCode = 204
  response.end()
}

function list(query: URLSearchParams, response: ServerResponse, store: ObjectStore): void {
  const under = store.versions
    .filter((version) => version.key.startsWith(query.get("prefix") ?? ""))
    .sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0))
  const mark = under.findIndex(
    ({ key, id }) => key === query.get("key-marker") && id === query.get("version-id-marker"),
  )
  const page = under.slice(mark + 1, mark + 1 + store.page)
  const last = page.at(-1)
  const more = mark + 1 + page.length < under.length && last !== undefined
  const entries = page.map(({ key, id, body, marker }) => {
    const name = marker ? "DeleteMarker" : "Version"
    return `<${name}><Key>${inListing(key)}</Key><VersionId>${id}</VersionId><Size>${body.length}</Size></${name}>`
  })
  const next = more
    ? `<NextKeyMarker>${store.fault === "plain-marks" ? escaped(last.key) : inListing(last.key)}</NextKeyMarker><NextVersionIdMarker>${last.id}</NextVersionIdMarker>`
    : ""
  response.end(
    `<?xml version="1.0"?><ListVersionsResult><IsTruncated>${more}</IsTruncated>${next}${entries.join("")}</ListVersionsResult>`,
  )
}

/** URL encoding leaves an apostrophe, which XML writers escape. */
const inListing = (key: string): string => escaped(encodeURIComponent(key))

const escaped = (text: string): string =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll("'", "&apos;")
