import { WardkeepError } from "@wardkeep/core"
import { z } from "zod"
import { wordsIn } from "./address-words.js"
import type { Call } from "./exchange.js"
import { isName } from "./token.js"

const glob = z.string().regex(/^\/\S*$/, "write a path that begins with /; * is one segment, ** is any number")
const schema = z.strictObject({
  hosts: z.array(z.string().regex(/^(https?:\/\/)?[^/\s]+$/, "write host, host:port or an origin")).min(1),
  methods: z
    .array(
      z.string().regex(/^[A-Z]+( \/\S*)?$/, "write GET, or POST /a/path to allow a method there only; WS for messages"),
    )
    .min(1)
    .default(["GET", "HEAD"]),
  paths: z
    .strictObject({ include: z.array(glob).min(1).default(["/**"]), exclude: z.array(glob).default([]) })
    .default({ include: ["/**"], exclude: [] }),
  requestsPerSecond: z.number().positive().max(200),
  stopAt: z.iso.datetime({ offset: true }),
  maxRequests: z.int().positive(),
  marker: z.strictObject({ name: z.string().regex(/^[\w-]+$/), value: z.string().regex(/^[\x20-\x7e]+$/) }).optional(),
  canaries: z.record(z.string(), z.array(z.string().min(6))).default({}),
  common: z.array(glob).default([]),
  messages: z.array(z.string().min(1)).default([]),
  credentialsAlsoAt: z
    .array(z.string().regex(/^https?:\/\/[^/\s]+$/, "write an origin, such as https://files.clinic.example"))
    .default([]),
})

/** What the owner of the system allowed. Everything else is refused before it is sent. */
export type Scope = z.output<typeof schema>

/**
 * Reads the text of a scope file. `hosts`, `requestsPerSecond`, `stopAt` (ISO 8601) and `maxRequests` must be there;
 * `methods` is GET and HEAD unless it says more, and what was said over a WebSocket is said again only with WS among them
 * and where one of `messages` matches.
 *
 * @throws WK752 with the place that is wrong
 * @example parseScope('{"hosts":["clinic.test"],"requestsPerSecond":5,"stopAt":"2030-01-01T00:00:00Z","maxRequests":900}')
 */
export function parseScope(text: string, name = "the scope file"): Scope {
  const json = jsonOf(text)
  if (json === undefined) throw new WardkeepError("WK752", { message: `${name} is not JSON` })
  const parsed = schema.safeParse(json)
  if (parsed.success) return parsed.data
  const places = parsed.error.issues.map(({ path, message }) => `${path.join(".") || "(top)"}: ${message}`)
  throw new WardkeepError("WK752", { message: `${name} is not valid`, detail: places.join("; ") })
}

export function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

// A GET can end a session too, and with it every later probe of the account.
const endsSession = /(log|sign)[-_]?(out|off)\b/i

// Links in mails are GET, whatever they do.
const changes = /^(cancel|confirm|delete|approve|unsubscribe|revoke|remove)$/
/** As a part of the path only: `/pay-slips` are read. */
const changesAsPart = /^pay$/i

/** Why this may not be sent, or undefined if it may. */
export function refusal(scope: Scope, call: Pick<Call, "method" | "url" | "messages">): string | undefined {
  const url = new URL(call.url)
  if (!scope.hosts.some((host) => isHost(host, url))) return `the host ${url.host} is not in hosts`
  const paths = [url.pathname, decoded(url.pathname)]
  const shown = withoutValues(url.pathname)
  if (paths.some((path) => endsSession.test(path))) return `${shown} would end a session`
  if (paths.some((path) => path.includes("/../") || path.endsWith("/.."))) return "the path climbs"
  const { include, exclude } = scope.paths
  if (!paths.every((path) => include.some((pattern) => matches(pattern, path))))
    return `${shown} is not in paths.include`
  if (paths.some((path) => exclude.some((pattern) => matches(pattern, path, "i"))))
    return `${shown} is in paths.exclude`
  const changing =
    paths.some((path) => path.split("/").some((segment) => changesAsPart.test(segment))) ||
    [...paths, url.search, decoded(url.search)].some((text) => wordsIn(text).some((word) => changes.test(word)))
  if (changing && /^(GET|HEAD)$/.test(call.method) && !lists(scope, call.method, url, true))
    return `${call.method} ${shown} looks as if it changes something, and is not in methods by its path`
  if (!lists(scope, call.method, url)) return `${call.method} ${shown} is not in methods`
  return call.messages?.every((message) => maySay(scope, call.url, message)) === false
    ? `a message to ${shown} is not allowed by WS in methods and by messages`
    : undefined
}

/** Reasons go into the report: what a segment names stays out of it. */
function withoutValues(path: string): string {
  const isWord = (segment: string): boolean => segment === "" || isName(segment.replaceAll(".", "_"))
  return path
    .split("/")
    .map((segment) => (isWord(segment) ? segment : "{id}"))
    .join("/")
}

function lists(scope: Scope, wanted: string, url: URL, byPath = false): boolean {
  return scope.methods.some((entry) => {
    const [method, path] = entry.split(" ", 2)
    return method === wanted && (path === undefined ? !byPath : matches(path, url.pathname))
  })
}

/** Nobody knows what a message does, so the scope has to name both the place and the message. */
export function maySay(scope: Scope, url: string, message: string): boolean {
  const isNamed = (pattern: string): boolean => {
    const source = pattern.split("*").map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"))
    return new RegExp(`^${source.join(".*")}$`, "s").test(message)
  }
  return lists(scope, "WS", new URL(url)) && scope.messages.some(isNamed)
}

function isHost(entry: string, url: URL): boolean {
  if (entry.includes("://")) return new URL(entry).origin === url.origin.replace(/^ws/, "http")
  return entry.toLowerCase() === url.host.toLowerCase()
}

function decoded(path: string): string {
  try {
    return decodeURIComponent(path)
  } catch {
    return path
  }
}

/** `*` is part of one segment, `**` any number of them; `/a/**` is also `/a`. */
export function matches(pattern: string, path: string, flags = ""): boolean {
  const open = pattern.endsWith("/**")
  const source = (open ? pattern.slice(0, -3) : pattern)
    .split(/(\*\*|\*)/)
    .map((part) => ({ "**": ".*", "*": "[^/]*" })[part] ?? part.replace(/[.+?^${}()|[\]\\]/g, "\\$&"))
    .join("")
  return new RegExp(`^${source}${open ? "(/.*)?" : "/?"}$`, flags).test(path)
}
