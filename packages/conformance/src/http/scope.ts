import { WardkeepError } from "@wardkeep/core"
import { z } from "zod"
import type { Call } from "./exchange.js"

const glob = z.string().regex(/^\/\S*$/, "write a path that begins with /; * is one segment, ** is any number")
const schema = z.strictObject({
  hosts: z.array(z.string().regex(/^(https?:\/\/)?[^/\s]+$/, "write host, host:port or an origin")).min(1),
  methods: z
    .array(z.string().regex(/^[A-Z]+( \/\S*)?$/, "write GET, or POST /a/path to allow a method there only"))
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
})

/** What the owner of the system allowed. Everything else is refused before it is sent. */
export type Scope = z.output<typeof schema>

/**
 * Reads the text of a scope file. `hosts`, `requestsPerSecond`, `stopAt` (ISO 8601) and `maxRequests` must be there;
 * `methods` is GET and HEAD unless it says more.
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

/** Why this may not be sent, or undefined if it may. */
export function refusal(scope: Scope, call: Pick<Call, "method" | "url">): string | undefined {
  const url = new URL(call.url)
  if (!scope.hosts.some((host) => isHost(host, url))) return `the host ${url.host} is not in hosts`
  const paths = [url.pathname, decoded(url.pathname)]
  if (paths.some((path) => endsSession.test(path))) return `${url.pathname} would end a session`
  if (paths.some((path) => path.includes("/../") || path.endsWith("/.."))) return "the path climbs"
  const { include, exclude } = scope.paths
  if (!paths.every((path) => include.some((pattern) => matches(pattern, path))))
    return `${url.pathname} is not in paths.include`
  if (paths.some((path) => exclude.some((pattern) => matches(pattern, path, "i"))))
    return `${url.pathname} is in paths.exclude`
  const allowed = scope.methods.some((entry) => {
    const [method, path] = entry.split(" ", 2)
    return method === call.method && (path === undefined || matches(path, url.pathname))
  })
  return allowed ? undefined : `${call.method} ${url.pathname} is not in methods`
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
