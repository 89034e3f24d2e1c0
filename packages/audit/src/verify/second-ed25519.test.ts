import { spawnSync } from "node:child_process"
import { createPrivateKey, createPublicKey, type KeyObject, sign, verify } from "node:crypto"
import { fileURLToPath } from "node:url"
import fc from "fast-check"
import { expect, it } from "vitest"

const seed = Number(process.env.WARDKEEP_SEED ?? Date.now() % 2 ** 31)
const messages = 400

interface Signed {
  readonly key: Buffer
  readonly message: Buffer
  readonly signature: Buffer
}

/** By the Python of the second implementation. */
function second(signed: readonly Signed[]): boolean[] {
  const lines = signed.map((each) =>
    JSON.stringify([each.key, each.message, each.signature].map((bytes) => bytes.toString("base64"))),
  )
  const script = fileURLToPath(new URL("second_ed25519.py", import.meta.url))
  const run = spawnSync("python3", [script], { input: `${lines.join("\n")}\n`, encoding: "utf8" })
  expect(run.stderr).toBe("")
  const answers: boolean[] = JSON.parse(`[${run.stdout.trimEnd().split("\n").join()}]`)
  expect(answers).toHaveLength(signed.length)
  return answers
}

const spki = Buffer.from("302a300506032b6570032100", "hex")
const pkcs8 = Buffer.from("302e020100300506032b657004220420", "hex")
const publicKey = (key: Buffer): KeyObject =>
  createPublicKey({ key: Buffer.concat([spki, key]), format: "der", type: "spki" })
const privateKey = (secret: Uint8Array): KeyObject =>
  createPrivateKey({ key: Buffer.concat([pkcs8, secret]), format: "der", type: "pkcs8" })
const rawKey = (key: KeyObject): Buffer =>
  createPublicKey(key).export({ format: "der", type: "spki" }).subarray(spki.length)

/** RFC 8032, section 7.1: TEST 1, TEST 2 and TEST 3. */
const published = [
  [
    "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
    "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
    "",
    "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
  ],
  [
    "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
    "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
    "72",
    "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
  ],
  [
    "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
    "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
    "af82",
    "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
  ],
].map((texts) => {
  const [secret = "", key = "", message = "", signature = ""] = texts
  const hex = (text: string): Buffer => Buffer.from(text, "hex")
  return { secret: hex(secret), key: hex(key), message: hex(message), signature: hex(signature) }
})

it("the published vectors hold in Python and in Node, and for no other message or key", () => {
  for (const { secret, key, message, signature } of published) {
    expect(rawKey(privateKey(secret))).toEqual(key)
    expect(sign(null, message, privateKey(secret))).toEqual(signature)
  }
  expect(second(published)).toEqual([true, true, true])
  const [one, two, three] = published.map(({ key }) => key)
  const others = published.map((each, at) => ({ ...each, key: [two, three, one][at] ?? each.key }))
  const longer = published.map((each) => ({ ...each, message: Buffer.concat([each.message, Buffer.of(0)]) }))
  expect(second([...others, ...longer])).toEqual(Array(6).fill(false))
})

/** 32 bytes, the lowest first. */
const bytes32 = (number: bigint): Buffer => Buffer.from(number.toString(16).padStart(64, "0"), "hex").reverse()
const numberOf = (bytes: Uint8Array): bigint => BigInt(`0x${Buffer.from(bytes).reverse().toString("hex")}`)
const field = 2n ** 255n - 19n
const order = 2n ** 252n + 27_742_317_777_372_353_535_851_937_790_883_648_493n
const base = Buffer.concat([Buffer.of(0x58), Buffer.alloc(31, 0x66)])

it("what RFC 8032 does not let be written in two ways has one", () => {
  const [, two] = published
  if (two === undefined) throw new Error("three vectors")
  const [r, s] = [two.signature.subarray(0, 32), two.signature.subarray(32)]
  // TEST 2 ends with a zero: the same number in 31 bytes, in 33, and once around the order.
  const shorter = { ...two, signature: two.signature.subarray(0, -1) }
  const longer = { ...two, signature: Buffer.concat([two.signature, Buffer.of(0)]) }
  const around = { ...two, signature: Buffer.concat([r, bytes32(numberOf(s) + order)]) }
  for (const { key, message, signature } of [shorter, longer, around])
    expect(verify(null, message, publicKey(key), signature)).toBe(false)
  expect(second([shorter, longer, around])).toEqual([false, false, false])
  // Of the neutral point as a key every R = S B is a signature; y = p + 1, and x = -0, would be other names of it.
  const message = Buffer.from("any")
  const [neutral, same, signed] = [1n, field + 1n, 2n ** 255n + 1n].map(bytes32)
  if (neutral === undefined || same === undefined || signed === undefined) throw new Error("three names")
  const signature = Buffer.concat([base, bytes32(1n)])
  expect(second([neutral, same, signed].map((key) => ({ key, message, signature })))).toEqual([true, false, false])
  const named = [neutral, same, signed].map((name) => Buffer.concat([name, bytes32(0n)]))
  expect(second(named.map((each) => ({ key: neutral, message, signature: each })))).toEqual([true, false, false])
  // y = 2 is of no point.
  expect(second([{ key: bytes32(2n), message, signature }])).toEqual([false])
})

it(`Python and Node agree on ${messages} messages, of most of which a bit was turned (seed ${seed})`, () => {
  const parts = ["nothing", "message", "signature", "key"] as const
  const drawn = fc.record({
    secret: fc.uint8Array({ minLength: 32, maxLength: 32 }),
    message: fc.uint8Array({ minLength: 1, maxLength: 200 }),
    part: fc.constantFrom(...parts),
    bit: fc.nat(),
  })
  const asked = fc.sample(drawn, { seed, numRuns: messages }).map(({ secret, message, part, bit }) => {
    const signer = privateKey(secret)
    const signed = { key: rawKey(signer), message: Buffer.from(message), signature: sign(null, message, signer) }
    if (part === "nothing") return { part, ...signed }
    const bytes = Buffer.from(signed[part])
    const at = bit % (bytes.length * 8)
    bytes[at >> 3] = (bytes[at >> 3] ?? 0) ^ (1 << (at & 7))
    return { part, ...signed, [part]: bytes }
  })
  for (const part of parts) expect(asked.filter((each) => each.part === part).length).toBeGreaterThan(messages / 10)
  const node = asked.map(({ key, message, signature }) => verify(null, message, publicKey(key), signature))
  expect(node).toEqual(asked.map(({ part }) => part === "nothing"))
  expect(second(asked)).toEqual(node)
})
