import { createHash } from "node:crypto"
import { WardkeepError } from "@wardkeep/core"
import { AwsClient } from "aws4fetch"
import { type Anchor, type Answer, answerOf, headOf, patience } from "./anchor.js"
import { endpointFrom, type S3Place } from "./s3-address.js"

export interface S3AnchorOptions extends S3Place {
  /** How long nobody may delete a checkpoint, the account's own administrator included. In days. */
  readonly retainDays: number
  /** Milliseconds for one answer. Default 10000. */
  readonly timeout?: number
  /** For tests; default the clock. */
  readonly now?: () => Date
}

/** A checkpoint that the store keeps. */
export interface KeptCheckpoint {
  readonly checkpoint: string
  /** Until when nobody can delete it; undefined: it is not locked, or the store does not say. */
  readonly lockedUntil: Date | undefined
}

export interface S3Anchor extends Anchor {
  /**
   * Every version of every checkpoint under the prefix, also what a later one or a delete marker hides.
   *
   * @throws WK448 · WK449
   */
  kept(): Promise<KeptCheckpoint[]>
}

const day = 86_400_000
/** Requests under way at once while everything is read. */
const atOnce = 16
/** A checkpoint has some 300 bytes; under the prefix may lie anything. */
const longest = 64 * 1024

/**
 * An anchor in an S3-compatible store whose bucket has object lock: each checkpoint is an object of its own, put under
 * compliance-mode retention and only where none is (`If-None-Match: *`), then read back and compared.
 *
 * @throws WK009 retainDays is not 1 to 36500 · WK453 the endpoint is not https, or http on this machine
 * @example
 * const anchor = s3Anchor({ ...s3PlaceFrom("s3://clinic-anchors/main", process.env), retainDays: 400 })
 * await sealer.run({ signal, onSealed: ({ checkpoint }) => outbox.offer(checkpoint) })
 */
export function s3Anchor(options: S3AnchorOptions): S3Anchor {
  const { retainDays, now = () => new Date() } = options
  if (!(Number.isInteger(retainDays) && retainDays >= 1 && retainDays <= 36_500))
    throw new WardkeepError("WK009", { message: "a checkpoint is retained for 1 to 36500 whole days" })
  const store = new Store(options)
  const { name } = store
  return {
    name,
    async keep(checkpoint) {
      const key = keyOf(options.prefix, checkpoint)
      const until = new Date(now().getTime() + retainDays * day)
      const put = await store.put(key, checkpoint, until)
      // All versions: a store that knows no If-None-Match where versions are kept (Ceph 16) puts another history over the first.
      // An earlier attempt whose answer was lost is as good as this one.
      const there = await store.all(await store.versions(key))
      if (there.length === 0)
        throw new WardkeepError("WK449", { message: `${name} does not list the checkpoint that it took` })
      if (there.some(({ text }) => !sameCheckpoint(text, checkpoint))) throw otherHistory(name, checkpoint)
      const locked = Math.max(...there.map((answer) => lockOf(answer)?.getTime() ?? 0))
      if (locked <= 0 || (put === "new" && locked < until.getTime() - 1000))
        throw new WardkeepError("WK450", { message: `${name} took the checkpoint and did not lock it` })
      return checkpoint
    },
    async kept() {
      const answers = await store.all(await store.versions())
      return answers.map((answer) => ({ checkpoint: answer.text, lockedUntil: lockOf(answer) }))
    },
  }
}

/** By log and size, so that two checkpoints of one size meet in one key. */
function keyOf(prefix: string, checkpoint: string): string {
  const { origin, size } = headOf(checkpoint)
  return `${prefix === "" ? "" : `${prefix}/`}${origin}/${String(size).padStart(15, "0")}.txt`
}

/** What a checkpoint's key ends with. Whatever else lies under the prefix is none. */
const named = /\/\d{15}\.txt$/

/** Another key may have signed the same tree head: what counts is what was signed. */
function sameCheckpoint(there: string, given: string): boolean {
  return there.startsWith(`${headOf(given).body}\n`)
}

function otherHistory(name: string, checkpoint: string): WardkeepError {
  const { size } = headOf(checkpoint)
  return new WardkeepError("WK451", { message: `SPLIT_VIEW: ${name} keeps another checkpoint of ${size} leaves` })
}

function lockOf({ headers }: Answer): Date | undefined {
  const until = new Date(headers.get("x-amz-object-lock-retain-until-date") ?? "")
  const mode = headers.get("x-amz-object-lock-mode")?.toUpperCase()
  return mode === "COMPLIANCE" && !Number.isNaN(until.getTime()) ? until : undefined
}

/** The requests that an anchor needs, over Signature Version 4. */
class Store {
  readonly name: string
  readonly #base: string
  readonly #prefix: string
  readonly #timeout: number
  readonly #signer: AwsClient

  constructor({ endpoint, bucket, prefix, region, timeout = patience, ...credentials }: S3AnchorOptions) {
    const { accessKeyId, secretAccessKey, sessionToken } = credentials
    this.name = `s3://${bucket}/${prefix}`
    this.#base = `${endpointFrom(endpoint)}/${bucket}`
    this.#prefix = prefix === "" ? "" : `${prefix}/`
    this.#timeout = timeout
    const session = sessionToken === undefined ? {} : { sessionToken }
    this.#signer = new AwsClient({ accessKeyId, secretAccessKey, ...session, region, service: "s3", retries: 0 })
  }

  async put(key: string, text: string, until: Date): Promise<"new" | "there"> {
    const body = Buffer.from(text)
    const answer = await this.#ask("PUT", pathOf(key), body, {
      "content-type": "text/plain; charset=utf-8",
      // Asked for by S3 wherever a retention is set; not a matter of security.
      "content-md5": createHash("md5").update(body).digest("base64"),
      "if-none-match": "*",
      "x-amz-object-lock-mode": "COMPLIANCE",
      "x-amz-object-lock-retain-until-date": until.toISOString(),
    })
    if (answer.status === 200) return "new"
    if (answer.status === 412) return "there"
    throw this.#refused(answer, "does not take the checkpoint")
  }

  /** What each of them holds, some at a time. */
  async all(versions: readonly Version[]): Promise<Answer[]> {
    const found: Answer[] = []
    for (let start = 0; start < versions.length; start += atOnce)
      found.push(...(await Promise.all(versions.slice(start, start + atOnce).map((each) => this.#get(each)))))
    return found
  }

  async #get({ key, version }: Version): Promise<Answer> {
    const answer = await this.#ask("GET", `${pathOf(key)}${queryOf({ versionId: version })}`)
    if (answer.status === 200 && answer.text.length <= longest) return answer
    throw this.#refused(answer, "does not show a checkpoint")
  }

  /** Every version of every checkpoint under the prefix, or of the one of this key. */
  async versions(only?: string): Promise<Version[]> {
    const found: Version[] = []
    const seen = new Set<string>()
    for (let after: readonly [string, string] | undefined = ["", ""]; after !== undefined; ) {
      const marks: Record<string, string> =
        after[0] === "" ? {} : { "key-marker": after[0], "version-id-marker": after[1] }
      const prefix = only ?? this.#prefix
      const answer = await this.#ask("GET", `/${queryOf({ versions: "", prefix, "encoding-type": "url", ...marks })}`)
      if (answer.status !== 200) throw this.#refused(answer, "does not list its checkpoints")
      // A page of some server in between is no empty list: nothing would be compared, and nobody would know.
      if (!/<ListVersionsResult[\s>]/.test(answer.text)) throw this.#refused(answer, "does not list its checkpoints")
      const page = pageOf(answer.text)
      found.push(...page.versions.filter(({ key }) => only === undefined || key === only))
      const mark = page.next?.join()
      if (mark !== undefined && (page.next?.[0] === "" || seen.has(mark)))
        throw new WardkeepError("WK448", { message: `${this.name} lists its checkpoints without an end` })
      if (mark !== undefined) seen.add(mark)
      after = page.next
    }
    return found
  }

  async #ask(method: string, path: string, body?: Buffer, headers: Record<string, string> = {}): Promise<Answer> {
    const hash = createHash("sha256")
      .update(body ?? "")
      .digest("hex")
    const signed = await this.#signer.sign(this.#base + path, {
      method,
      headers: { ...headers, "x-amz-content-sha256": hash },
      ...(body !== undefined && { body: new Uint8Array(body) }),
    })
    const answer = await answerOf(this.name, signed, this.#timeout)
    if (answer.status < 500) return answer
    throw new WardkeepError("WK448", { message: `${this.name} answers ${answer.status}` })
  }

  #refused({ status, text }: Answer, what: string): WardkeepError {
    const code = /<Code>(\w{1,64})<\/Code>/.exec(text)?.[1]
    return new WardkeepError("WK449", {
      message: `${this.name} ${what}: ${status}${code === undefined ? "" : ` ${code}`}`,
    })
  }
}

function pathOf(key: string): string {
  return `/${key.split("/").map(encoded).join("/")}`
}

function queryOf(parameters: Readonly<Record<string, string>>): string {
  return `?${Object.entries(parameters)
    .map(([name, value]) => `${name}=${encoded(value)}`)
    .join("&")}`
}

/** As it is signed: Signature Version 4 also encodes what encodeURIComponent leaves, and a space is no plus. */
function encoded(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (each) => `%${each.charCodeAt(0).toString(16).toUpperCase()}`)
}

interface Version {
  readonly key: string
  readonly version: string
}

/** What a page of a listing names, and where the next one begins. */
function pageOf(text: string): { versions: Version[]; next: readonly [string, string] | undefined } {
  const versions: Version[] = []
  let last = ""
  for (const [, kind, entry = ""] of text.matchAll(/<(Version|DeleteMarker)>(.*?)<\/\1>/gs)) {
    const key = decoded(elementOf(entry, "Key"))
    last = key
    if (kind === "Version" && Number(elementOf(entry, "Size")) <= longest && named.test(key))
      versions.push({ key, version: elementOf(entry, "VersionId") })
  }
  const more = elementOf(text, "IsTruncated") === "true"
  // Ceph 16 encodes the keys, as it was asked to, and not the mark.
  const mark = elementOf(text, "NextKeyMarker")
  const next = [mark === last ? mark : decoded(mark), elementOf(text, "NextVersionIdMarker")] as const
  return { versions, next: more ? next : undefined }
}

/** Keys are asked for in URL encoding, which leaves an apostrophe: that one is XML's to escape. */
function elementOf(xml: string, name: string): string {
  const text = new RegExp(`<${name}>([^<]*)</${name}>`).exec(xml)?.[1] ?? ""
  return text.replace(/&(?:#(\d{1,6})|#x([\da-f]{1,5})|(\w+));/gi, (all, ten, sixteen, entity) =>
    entity === undefined ? String.fromCodePoint(Number(ten ?? `0x${sixteen}`)) : (entities[entity] ?? all),
  )
}

const entities: Readonly<Record<string, string>> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'" }

function decoded(key: string): string {
  try {
    return decodeURIComponent(key.replaceAll("+", " "))
  } catch {
    return ""
  }
}
