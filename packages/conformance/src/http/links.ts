import { wordsIn } from "./address-words.js"
import { type Account, type Answer, type Call, identityOf, succeeded } from "./exchange.js"
import { expiryIn } from "./expiry.js"
import { decodeURIComponentSafe } from "./route.js"
import type { Stage } from "./stage.js"
import type { Shown } from "./view.js"

const namesAddress = /url|uri|href|link|src|path|file|download|location|image|photo|document/i
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
    const files = found.filter(({ place, call }) => looksLikeFile(place, call.url))
    if (files.length < found.length)
      stage.notCovered.add("Addresses in answers that do not look like files: they were not asked for.")
    const perRoute = new Map<string, number>()
    for (const { call, list } of files) {
      const route = stage.routes.of(call)
      const count = perRoute.get(route) ?? 0
      if (known.has(identityOf(call)) || count >= 2 || perRoute.size >= mostLinks) continue
      known.add(identityOf(call))
      perRoute.set(route, count + 1)
      const opened = await open(stage, account, call, list)
      if (opened === undefined) continue
      stage.links.set(opened.call.url, list)
      stage.show(account.name, opened.call, opened.answer, true)
    }
  }
}

/** An address that was valid for seconds may have passed while the rest was asked for: then its list is asked again. */
async function open(
  stage: Stage,
  account: Account,
  call: Call,
  list: Call,
): Promise<{ readonly call: Call; readonly answer: Answer } | undefined> {
  const answer = await stage.gate.ask(call, account)
  if (answer === undefined) return undefined
  if (answer.status < 400) return { call, answer }
  const renewed = expiryIn(call) === undefined ? undefined : await renew(stage, account, call, list)
  const again = renewed === undefined ? undefined : await stage.gate.ask(renewed, account)
  return renewed === undefined || again === undefined || again.status >= 400
    ? undefined
    : { call: renewed, answer: again }
}

/** The address of the same file as its list, which is only read, says it now. */
export async function renew(stage: Stage, account: Account, call: Call, list: Call): Promise<Call | undefined> {
  if (list.method !== "GET" || list.messages !== undefined) return undefined
  const answer = await stage.gate.ask(list, account)
  if (!succeeded(answer)) return undefined
  const fileOf = ({ url }: Call): string => new URL(url).origin + new URL(url).pathname
  const now = linksIn({ call: list, reading: stage.read(list, answer) }).map((link) => link.call)
  return (
    now.find((one) => fileOf(one) === fileOf(call)) ?? now.find((one) => stage.routes.of(one) === stage.routes.of(call))
  )
}

interface Link {
  readonly place: string
  readonly call: Call
  /** What was asked for when the address was seen. */
  readonly list: Call
}

function linksIn({ call: list, reading }: Pick<Shown, "call" | "reading">): Link[] {
  const base = list.url.replace(/^ws/, "http")
  return reading.leaves.flatMap(({ key, text, path }) => {
    if (!(namesAddress.test(key) || path === "header location") || !/^(https?:\/\/|\/)\S+$/.test(text)) return []
    if (!URL.canParse(text, base)) return []
    const url = new URL(text, base).href
    return [{ place: `${path} ${key}`, call: { method: "GET", url, headers: [["accept", "*/*"]] }, list }]
  })
}
