import { createHash } from "node:crypto"
import { isCredentialParameter } from "./credentials.js"
import type { Account, Call } from "./exchange.js"
import { expiryIn } from "./expiry.js"
import { renew } from "./links.js"
import type { Pair, Stage } from "./stage.js"
import { strongTokens } from "./token.js"
import { type Shown, shownOf } from "./view.js"

const signature = /^(x-(amz|goog)-signature|sig|signature|hmac|hash|mac|key|sign|s)$/i

/** The parameter of an address that stands for the right to open it. */
export function signatureIn(call: Call): [name: string, value: string] | undefined {
  return [...new URL(call.url).searchParams].find(
    ([name, value]) => (signature.test(name) || isCredentialParameter(name)) && value.length >= 6,
  )
}

/** One of each route. */
function signedOf(stage: Stage, account: string): Shown[] {
  const signed = stage.liveOf(account).filter(({ call }) => signatureIn(call) !== undefined)
  return [...new Map(signed.map((one) => [one.route, one])).values()]
}

/** Signed addresses open for whoever holds them, which is their purpose. What must not work is making one. */
export async function forgeSignatures(stage: Stage, pair: Pair): Promise<void> {
  const own = stage.liveOf(pair.attacker.name)
  for (const old of signedOf(stage, pair.victim.name)) {
    const shown = await stillValid(stage, pair.victim, old)
    const [name = ""] = signatureIn(shown.call) ?? []
    await attempt(stage, pair, shown, withParameters(shown.call, [name]), "its address without the signature")
    const oldTwin = own.find(({ route, call }) => route === shown.route && signatureIn(call) !== undefined)
    if (oldTwin === undefined) continue
    const twin = await stillValid(stage, pair.attacker, oldTwin)
    const [, sign = ""] = signatureIn(twin.call) ?? []
    const of = `of a file of ${pair.attacker.name}`
    await attempt(stage, pair, shown, withParameters(shown.call, [name, sign]), `its address with the signature ${of}`)
    const time = expiryIn(twin.call)?.parameters ?? []
    if (time.length > 0)
      await attempt(
        stage,
        pair,
        shown,
        withParameters(shown.call, [name, sign], ...time),
        `its address with the signature and the time ${of}`,
      )
    const recipe = recipeFor(twin, sign)
    if (recipe === undefined) continue
    const forged = withParameters(shown.call, [name, recipe.make(shown)])
    await attempt(stage, pair, shown, forged, `a signature that anybody can compute: ${recipe.name}`)
  }
}

/** A refused address says something about its signature only if its time has not passed. */
async function stillValid(stage: Stage, account: Account, shown: Shown): Promise<Shown> {
  const [until, list] = [expiryIn(shown.call)?.until, stage.links.get(shown.call.url)]
  if (until === undefined || list === undefined || until > stage.gate.now + enoughToForge) return shown
  const call = await renew(stage, account, shown.call, list)
  if (call === undefined) return shown
  stage.links.set(call.url, list)
  return shownOf(account.name, call, shown.answer, stage.routes, true)
}

/**
 * An address that is past the time it names must not open, nor with another time put into it. Asked for after that moment only:
 * before it an address opens for whoever holds it, whatever else it says.
 */
export async function outliveSignatures(stage: Stage, pair: Pair): Promise<void> {
  for (const shown of signedOf(stage, pair.victim.name)) await outlive(stage, pair, shown)
}

async function outlive(stage: Stage, pair: Pair, shown: Shown): Promise<void> {
  const expiry = expiryIn(shown.call)
  if (expiry === undefined) {
    stage.notCovered.add(`${shown.route}: its signed addresses name no time, and whether they expire was not tried.`)
    return
  }
  // The server's clock may be a little behind.
  if (!(await stage.gate.waitsUntil(expiry.until + 1500))) {
    stage.notCovered.add(`${shown.route}: its signed addresses outlast the run, and whether they expire was not tried.`)
    return
  }
  await attempt(stage, pair, shown, shown.call, "its address after the time that it names")
  await attempt(
    stage,
    pair,
    shown,
    expiry.at(expiry.until + day),
    "its address with a later time and the old signature",
  )
}

const day = 86_400_000
/** A few requests, in milliseconds. */
const enoughToForge = 10_000

async function attempt(stage: Stage, pair: Pair, original: Shown, call: Call, how: string): Promise<void> {
  const answer = await stage.gate.ask(call, pair.attacker)
  if (answer === undefined) return
  stage.count("WKC208", "probes")
  stage.count("WKC208", "controls")
  const { route, slots } = original
  const names = { attacker: pair.attacker.name, victim: pair.victim.name }
  const reading = stage.read(call, answer)
  stage.tried.push({ check: "WKC208", route, ...names, call, answer, reading, controls: [], slots, original, how })
}

/** Changes what is named, and leaves away what is named without a value. */
function withParameters(call: Call, ...changes: readonly (readonly [name: string, value?: string])[]): Call {
  const url = new URL(call.url)
  for (const [name, value] of changes) {
    if (value === undefined) url.searchParams.delete(name)
    else url.searchParams.set(name, value)
  }
  return { ...call, url: url.href }
}

interface Recipe {
  readonly name: string
  make(shown: Shown): string
}

const inputs: Readonly<Record<string, (shown: Shown) => string>> = {
  "the id": ({ slots, call }) => slots.find(({ place }) => place === "path")?.value ?? strongTokens(call.url)[0] ?? "",
  "the path": ({ call }) => new URL(call.url).pathname,
  "the file name": ({ call }) => new URL(call.url).pathname.split("/").at(-1) ?? "",
}
const functions: Readonly<Record<string, (text: string) => string>> = {
  ...Object.fromEntries(
    ["md5", "sha1", "sha256", "sha512"].flatMap((algorithm) =>
      (["hex", "base64", "base64url"] as const).map((form) => [
        `${algorithm} in ${form}`,
        (text: string) => createHash(algorithm).update(text).digest(form),
      ]),
    ),
  ),
  base64: (text) => Buffer.from(text).toString("base64"),
  base64url: (text) => Buffer.from(text).toString("base64url"),
  hex: (text) => Buffer.from(text).toString("hex"),
  "the same text": (text) => text,
  "the text backwards": (text) => [...text].reverse().join(""),
}

/** How the attacker's own signature was made, if it was made without a secret; a beginning of eight characters is enough. */
function recipeFor(own: Shown, sign: string): Recipe | undefined {
  for (const [what, input] of Object.entries(inputs)) {
    for (const [how, apply] of Object.entries(functions)) {
      const made = input(own) === "" ? "" : apply(input(own))
      if (made === sign || (sign.length >= 8 && made.startsWith(sign))) {
        const length = made === sign ? undefined : sign.length
        return { name: `${how} of ${what}`, make: (shown) => apply(input(shown)).slice(0, length) }
      }
    }
  }
  return undefined
}
