import { createHash } from "node:crypto"
import { wordsIn } from "./address-words.js"
import { isCredentialParameter } from "./credentials.js"
import { type Call, identityOf } from "./exchange.js"
import { expiryIn } from "./expiry.js"
import { decodeURIComponentSafe } from "./route.js"
import type { Pair, Stage } from "./stage.js"
import { strongTokens } from "./token.js"
import type { Shown } from "./view.js"

const namesAddress = /url|uri|href|link|src|path|file|download|location|image|photo|document/i
const signature = /^(x-(amz|goog)-signature|sig|signature|hmac|hash|mac|key|sign|s)$/i
/** Singular, as whole words of a key or an address: `file` is none of the words of `/profile`. */
const fileWords =
  /^(file|download|attachment|document|doc|image|img|photo|picture|avatar|thumbnail|scan|letter|paper|pdf|media|upload|export|blob|asset|logo)s?$/
const fileName =
  /\.(jpe?g|png|gif|webp|tiff?|bmp|svg|heic|pdf|docx?|xlsx?|pptx?|csv|tsv|txt|rtf|zip|dcm|mp[34]|wav|webm)$/i
/** Whoever asks for such an address does something. In any part of the address, and in the name it stands under. */
const doesSomething = /cancel|confirm|delet|approv|unsubscri|logout|signout/i
const verbs =
  /^(pay|payments?|paynow|remove|destroy|reject|decline|accept|subscribe|refund|revoke|reset|verify|activate|deactivate|enable|disable|send|resend|submit|start|stop|close|withdraw|book|reschedule|redeem|transfer|optout)$/
const mostLinks = 20

/** The parameter of an address that stands for the right to open it. */
export function signatureIn(call: Call): [name: string, value: string] | undefined {
  return [...new URL(call.url).searchParams].find(
    ([name, value]) => (signature.test(name) || isCredentialParameter(name)) && value.length >= 6,
  )
}

/** An address out of an answer is asked for only if it looks like a file: others may do something when they are opened. */
export function looksLikeFile(place: string, address: string): boolean {
  const url = new URL(address)
  const path = decodeURIComponentSafe(url.pathname)
  const all = `${place} ${path} ${decodeURIComponentSafe(url.search)}`
  if (doesSomething.test(all) || wordsIn(all).some((word) => verbs.test(word))) return false
  return fileName.test(path) || wordsIn(`${place} ${path}`).some((word) => fileWords.test(word))
}

/** Asks, as itself, for the files whose addresses an account's answers hold. */
export async function followLinks(stage: Stage): Promise<void> {
  for (const account of stage.accounts) {
    const known = new Set(stage.shownTo(account.name).map(({ call }) => identityOf(call)))
    const found = stage.shownTo(account.name).flatMap(linksIn)
    const calls = found.flatMap(({ place, call }) => (looksLikeFile(place, call.url) ? [call] : []))
    if (calls.length < found.length)
      stage.notCovered.add("Addresses in answers that do not look like files: they were not asked for.")
    const perRoute = new Map<string, number>()
    for (const call of calls) {
      const route = stage.routes.of(call)
      const count = perRoute.get(route) ?? 0
      if (known.has(identityOf(call)) || count >= 2 || perRoute.size >= mostLinks) continue
      known.add(identityOf(call))
      perRoute.set(route, count + 1)
      const answer = await stage.gate.ask(call, account)
      if (answer === undefined || answer.status >= 400) continue
      stage.links.add(call.url)
      stage.show(account.name, call, answer, true)
    }
  }
}

function linksIn({ call, reading }: Shown): { readonly place: string; readonly call: Call }[] {
  return reading.leaves.flatMap(({ key, text, path }) => {
    if (!(namesAddress.test(key) || path === "header location") || !/^(https?:\/\/|\/)\S+$/.test(text)) return []
    if (!URL.canParse(text, call.url.replace(/^ws/, "http"))) return []
    const url = new URL(text, call.url.replace(/^ws/, "http")).href
    return [{ place: `${path} ${key}`, call: { method: "GET", url, headers: [["accept", "*/*"]] } }]
  })
}

/** One of each route. */
function signedOf(stage: Stage, account: string): Shown[] {
  const signed = stage.liveOf(account).filter(({ call }) => signatureIn(call) !== undefined)
  return [...new Map(signed.map((one) => [one.route, one])).values()]
}

/** Signed addresses open for whoever holds them, which is their purpose. What must not work is making one. */
export async function forgeSignatures(stage: Stage, pair: Pair): Promise<void> {
  const own = stage.liveOf(pair.attacker.name)
  for (const shown of signedOf(stage, pair.victim.name)) {
    const [name = ""] = signatureIn(shown.call) ?? []
    const twin = own.find(({ route, call }) => route === shown.route && signatureIn(call) !== undefined)
    await attempt(stage, pair, shown, withSignature(shown.call, name, undefined), "its address without the signature")
    if (twin === undefined) continue
    const [, sign = ""] = signatureIn(twin.call) ?? []
    const grafted = withSignature(shown.call, name, sign)
    await attempt(stage, pair, shown, grafted, `its address with the signature of a file of ${pair.attacker.name}`)
    const recipe = recipeFor(twin, sign)
    if (recipe === undefined) continue
    const forged = withSignature(shown.call, name, recipe.make(shown))
    await attempt(stage, pair, shown, forged, `a signature that anybody can compute: ${recipe.name}`)
  }
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

function withSignature(call: Call, name: string, value: string | undefined): Call {
  const url = new URL(call.url)
  if (value === undefined) url.searchParams.delete(name)
  else url.searchParams.set(name, value)
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
