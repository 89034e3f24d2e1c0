import { credentialsFor, isCredentialParameter } from "./credentials.js"
import { type Account, type Call, type Header, isOwnHeader } from "./exchange.js"
import { decodeURIComponentSafe, type Slot } from "./route.js"
import { jsonOf } from "./scope.js"
import { signatureIn } from "./signatures.js"
import { isName, strongTokens } from "./token.js"

export interface Replay {
  readonly call: Call
  /** `undefined` asks without credentials. */
  readonly attacker: Account | undefined
  readonly marker: Header
  /** What the address names, as the routes see it. */
  readonly slots: readonly Slot[]
  readonly credentialsAlsoAt: readonly string[]
}

/** A curl line that shows the same again. Credentials, signatures and values of people are placeholders. */
export function curlOf({ call, attacker, marker, slots, credentialsAlsoAt }: Replay): string {
  const hide = hider()
  const chosen = new Set(call.headers.map(([name]) => name.toLowerCase()))
  const known = credentialsFor(attacker?.credentials, call.url, credentialsAlsoAt)
  const parameters = credentialsFor(attacker?.parameters, call.url, credentialsAlsoAt)
  const own = known.length + parameters.length === 0 ? [] : [...(attacker?.ambient ?? []), ...known]
  const credentials = own
    .filter(([name]) => !chosen.has(name.toLowerCase()))
    .map(([name]) => ` -H "${name}: $${variable(attacker?.name ?? "", name)}"`)
  const usual = call.headers.filter(([name, value]) => !(name === "accept" && value === "*/*"))
  const shown = usual.map(([name, value]): Header => [name, isOwnHeader(name) ? hide(value) : value])
  const headers = [...shown, marker].map(([name, value]) => ` -H ${quoted(`${name}: ${value}`)}`)
  const method = call.method === "HEAD" ? " --head" : call.method === "GET" ? "" : ` -X ${call.method}`
  const address = addressOf(call, hide, slots, (name) =>
    parameters.some(([key]) => key.toLowerCase() === name.toLowerCase())
      ? variable(attacker?.name ?? "", name)
      : undefined,
  )
  const body = call.body === undefined ? "" : ` --data ${quoted(bodyOf(call.body, hide))}`
  const said = (call.messages ?? []).map((message) => ` # then send ${bodyOf(message, hide)}`).join("")
  return `curl -sS -i${method}${headers.join("")}${credentials.join("")}${body} ${quoted(address).replace(/\uE000(\w+)\uE000/g, `'"$$$1"'`)}${said}`
}

type Hide = (text: string) => string

/** What names a row and nobody: everything else may be the name or the number of a person. */
const id = /^([0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|\d{1,8}|true|false|all|)$/i

const isId = (text: string): boolean => text.split(",").every((part) => id.test(part))

/** The same value is the same place all over one line. */
function hider(): Hide {
  const seen = new Map<string, string>()
  return (text) => {
    if (isId(text) || /^(GET|HEAD|POST)$/.test(text)) return text
    const place = seen.get(text) ?? `VALUE_${seen.size + 1}`
    seen.set(text, place)
    return place
  }
}

function addressOf(call: Call, hide: Hide, slots: readonly Slot[], own: (name: string) => string | undefined): string {
  const url = new URL(call.url)
  const named = slots.filter(({ place, value }) => place === "path" && value !== "" && !isId(value))
  const path = url.pathname.split("/").map((segment) => {
    const plain = decodeURIComponentSafe(segment)
    const isPlain = /^[\w.~-]*$/.test(plain) && strongTokens(plain).every((token) => id.test(token))
    return isPlain && !named.some(({ value }) => plain.includes(value)) ? segment : hide(plain)
  })
  const [signature] = signatureIn(call) ?? []
  const query = [...url.searchParams].flatMap(([name, value]) => {
    const key = /^[A-Za-z_][\w.[\]-]{0,40}$/.test(name) && strongTokens(name).length === 0 ? name : hide(name)
    if (value === "" && isCredentialParameter(name)) {
      const known = own(name)
      return known === undefined ? [] : [`${key}=\uE000${known}\uE000`]
    }
    return [`${key}=${name === signature || isCredentialParameter(name) ? "SIGNATURE" : hide(value)}`]
  })
  return `${url.protocol}//${url.host}${path.join("/")}${query.length > 0 ? `?${query.join("&")}` : ""}`
}

function bodyOf(text: string, hide: Hide): string {
  const json = jsonOf(text)
  if (json !== undefined) return JSON.stringify(hidden(json, hide))
  const form = [...new URLSearchParams(text)]
  if (!/^[^\s=&]+=/.test(text) || form.length === 0) return hide(text)
  return form.map(([name, value]) => `${isName(name) ? name : hide(name)}=${hide(value)}`).join("&")
}

function hidden(value: unknown, hide: Hide): unknown {
  if (Array.isArray(value)) return value.map((each) => hidden(each, hide))
  if (typeof value === "object" && value !== null)
    return Object.fromEntries(
      Object.entries(value).map(([key, each]) => [isName(key) ? key : hide(key), hidden(each, hide)]),
    )
  if (typeof value === "string") return hide(value)
  return typeof value === "number" && !isId(String(value)) ? hide(String(value)) : value
}

const variable = (account: string, header: string): string => `${account}_${header}`.toUpperCase().replace(/\W/g, "_")

const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`
