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
      // 412: one of this size is there. An earlier attempt whose answer was lost is as good as this one.
      const there = await store.get(key)
      if (!sameCheckpoint(there.text, checkpoint)) throw otherHistory(name, checkpoint)
      const locked = lockOf(there)
      if (locked === undefined || (put === "new" && locked.getTime() < until.getTime() - 1000))
        throw new WardkeepError("WK450", { message: `${name} took the checkpoint and did not lock it` })
      return checkpoint
    },
    async kept() {
      const versions = await store.versions()
      const found: KeptCheckpoint[] = []
      for (let start = 0; start < versions.length; start += atOnce) {
        const some = versions.slice(start, start + atOnce).map(async ({ key, version }) => {
          const answer = await store.get(key, version)
          return { checkpoint: answer.text, lockedUntil: lockOf(answer) }
        })
        found.push(...(await Promise.all(some)))
      }
      return found
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

/** The four requests that an anchor needs, over Signature Version 4. */
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

  async get(key: string, version?: string): Promise<Answer> {
    const query = version === undefined ? "" : `?versionId=${encodeURIComponent(version)}`
    const answer = await this.#ask("GET", `${pathOf(key)}${query}`)
    if (answer.status === 200 && answer.text.length <= longest) return answer
    throw this.#refused(answer, "does not show a checkpoint")
  }

  async versions(): Promise<{ key: string; version: string }[]> {
    const found: { key: string; version: string }[] = []
    const seen = new Set<string>()
    for (let after: readonly [string, string] | undefined = ["", ""]; after !== undefined; ) {
      const marks: Record<string, string> =
        after[0] === "" ? {} : { "key-marker": after[0], "version-id-marker": after[1] }
      const query = new URLSearchParams({ versions: "", prefix: this.#prefix, "encoding-type": "url", ...marks })
      const answer = await this.#ask("GET", `/?${query}`)
      if (answer.status !== 200) throw this.#refused(answer, "does not list its checkpoints")
      // A page of some server in between is no empty list: nothing would be compared, and nobody would know.
      if (!/<ListVersionsResult[\s>]/.test(answer.text)) throw this.#refused(answer, "does not list its checkpoints")
      for (const [, version = ""] of answer.text.matchAll(/<Version>(.*?)<\/Version>/gs)) {
        const key = elementOf(version, "Key")
        if (Number(elementOf(version, "Size")) <= longest && named.test(key))
          found.push({ key, version: elementOf(version, "VersionId") })
      }
      const next: readonly [string, string] = [
        elementOf(answer.text, "NextKeyMarker"),
        elementOf(answer.text, "NextVersionIdMarker"),
      ]
      const more = elementOf(answer.text, "IsTruncated") === "true"
      if (more && (next[0] === "" || seen.has(next.join())))
        throw new WardkeepError("WK448", { message: `${this.name} lists its checkpoints without an end` })
      seen.add(next.join())
      after = more ? next : undefined
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

/** Encoded as it is signed: Signature Version 4 also encodes what encodeURIComponent leaves. */
function pathOf(key: string): string {
  const path = key.split("/").map(encodeURIComponent).join("/")
  return `/${path.replace(/[!'()*]/g, (each) => `%${each.charCodeAt(0).toString(16).toUpperCase()}`)}`
}

/** The keys are asked for in URL encoding, so that nothing in them can be taken for XML. */
function elementOf(xml: string, name: string): string {
  const text = new RegExp(`<${name}>([^<]*)</${name}>`).exec(xml)?.[1] ?? ""
  try {
    return name.endsWith("Key") || name.endsWith("KeyMarker") ? decodeURIComponent(text.replaceAll("+", " ")) : text
  } catch {
    return ""
  }
}
