import { createHash, generateKeyPairSync, type KeyObject, sign, verify } from "node:crypto"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"

/** A C2SP tlog-witness on loopback, written from the specification; its check of a proof is RFC 9162's, not the writer's. */
export interface Witness {
  readonly address: string
  readonly vkey: string
  /** Size and root of what it cosigned last, by origin. */
  readonly known: Map<string, { size: number; root: Buffer }>
  /** The status of each answer. */
  readonly answers: number[]
  /** How it fails from now on. */
  fault:
    | "none"
    | "silent"
    | "wrong-signature"
    | "old-timestamp"
    | "another-origin"
    | "unavailable"
    | "unreadable"
    | "endless"
  stop(): Promise<void>
}

/** @param log the key that it trusts for the logs whose origin begins with `origin` */
export async function startWitness(origin: string, log: KeyObject): Promise<Witness> {
  const { privateKey, publicKey } = generateKeyPairSync("ed25519")
  const name = "witness.example/w1"
  const raw = rawKey(publicKey)
  const typed = Buffer.concat([Buffer.of(4), raw])
  const id = createHash("sha256").update(`${name}\n`).update(typed).digest().subarray(0, 4)
  const cosign = (body: string): string => {
    const { fault } = witness
    const seconds = BigInt(Math.floor(Date.now() / 1000) - (fault === "old-timestamp" ? 86_400 : 0))
    const stamp = Buffer.alloc(8)
    stamp.writeBigUInt64BE(seconds)
    const told = fault === "another-origin" ? body.replace(/^.*/, "elsewhere.example/log") : body
    const signature = sign(null, Buffer.from(`cosignature/v1\ntime ${seconds}\n${told}`), privateKey)
    if (fault === "wrong-signature") signature[0] = (signature[0] ?? 0) ^ 1
    return `— ${name} ${Buffer.concat([id, stamp, signature]).toString("base64")}\n`
  }
  const server = createServer(async (request, response) => {
    const parts: Buffer[] = []
    for await (const part of request) parts.push(part)
    if (witness.fault === "silent") return
    if (witness.fault === "endless") {
      response.on("close", () => clearInterval(more))
      const more = setInterval(() => response.write(Buffer.alloc(1024 * 1024, "x")), 1)
      return
    }
    const { status, text, type } =
      witness.fault === "unavailable"
        ? { status: 502, text: "", type: undefined }
        : witness.fault === "unreadable"
          ? { status: 409, text: "many\n", type: undefined }
          : judge(Buffer.concat(parts).toString("utf8"))
    witness.answers.push(status)
    if (type !== undefined) response.setHeader("content-type", type)
    response.statusCode = request.method === "POST" && request.url === "/w/add-checkpoint" ? status : 405
    response.end(text)
  })
  const judge = (message: string): { status: number; text: string; type?: string } => {
    const [, old = "", proof = "", body = "", signatures = ""] =
      /^old (0|[1-9]\d*)\n((?:[A-Za-z0-9+/]{43}=\n){0,63})\n([^\n]+\n\d+\n[^\n]+\n)\n((?:— [^\n]+\n)+)$/u.exec(
        message,
      ) ?? []
    const [from = "", size = "", root = ""] = body.split("\n")
    if (body === "" || Number(old) > Number(size)) return { status: 400, text: "" }
    if (!from.startsWith(origin)) return { status: 404, text: "" }
    if (!signedBy(log, from, body, signatures)) return { status: 403, text: "" }
    const last = witness.known.get(from) ?? { size: 0, root: Buffer.alloc(0) }
    const conflict = { status: 409, text: `${last.size}\n`, type: "text/x.tlog.size" }
    if (Number(old) !== last.size) return conflict
    const now = { size: Number(size), root: Buffer.from(root, "base64") }
    if (now.size === last.size && last.size > 0 && !now.root.equals(last.root)) return conflict
    const hashes = proof
      .split("\n")
      .filter(Boolean)
      .map((line) => Buffer.from(line, "base64"))
    if (!consistent(last, now, hashes)) return { status: 422, text: "" }
    witness.known.set(from, now)
    return { status: 200, text: cosign(body) }
  }
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  const witness: Witness = {
    address: `http://127.0.0.1:${(server.address() as AddressInfo).port}/w/`,
    vkey: `${name}+${id.toString("hex")}+${typed.toString("base64")}`,
    known: new Map(),
    answers: [],
    fault: "none",
    async stop() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
  return witness
}

function rawKey(key: KeyObject): Buffer {
  return key.export({ type: "spki", format: "der" }).subarray(-32)
}

function signedBy(key: KeyObject, origin: string, body: string, lines: string): boolean {
  return lines.split("\n").some((line) => {
    const [, name, encoded = ""] = line.split(" ")
    const signature = Buffer.from(encoded, "base64").subarray(4)
    return name === origin && signature.length === 64 && verify(null, Buffer.from(body), key, signature)
  })
}

interface TreeHead {
  readonly size: number
  readonly root: Buffer
}

/** RFC 9162, section 2.1.4.2: both roots are computed from the proof, from the bottom up. */
function consistent(first: TreeHead, second: TreeHead, given: readonly Buffer[]): boolean {
  if (first.size === 0 || first.size === second.size) return given.length === 0
  const proof = Number.isInteger(Math.log2(first.size)) ? [first.root, ...given] : [...given]
  const [start, ...rest] = proof
  if (start === undefined || given.length === 0) return false
  let [fn, sn] = [first.size - 1, second.size - 1]
  while (fn % 2 === 1) [fn, sn] = [Math.floor(fn / 2), Math.floor(sn / 2)]
  let [fr, sr] = [start, start]
  for (const c of rest) {
    if (sn === 0) return false
    if (fn % 2 === 1 || fn === sn) {
      fr = node(c, fr)
      sr = node(c, sr)
      while (fn % 2 === 0 && fn !== 0) [fn, sn] = [Math.floor(fn / 2), Math.floor(sn / 2)]
    } else sr = node(sr, c)
    fn = Math.floor(fn / 2)
    sn = Math.floor(sn / 2)
  }
  return sn === 0 && fr.equals(first.root) && sr.equals(second.root)
}

function node(left: Buffer, right: Buffer): Buffer {
  return createHash("sha256").update(Buffer.of(1)).update(left).update(right).digest()
}
