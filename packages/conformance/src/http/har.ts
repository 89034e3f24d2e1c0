import { WardkeepError } from "@wardkeep/core"
import { z } from "zod"
import { originOf } from "./credentials.js"
import {
  type Account,
  answerOf,
  type Call,
  type Credential,
  type Exchange,
  type Header,
  identityOf,
  isOwnHeader,
} from "./exchange.js"
import { jsonOf } from "./scope.js"

const pair = z.object({ name: z.string(), value: z.string() })
const entry = z.object({
  request: z.object({
    method: z.string(),
    url: z.string(),
    headers: z.array(pair).default([]),
    cookies: z.array(pair).default([]),
    postData: z.object({ mimeType: z.string().default(""), text: z.string().optional() }).optional(),
  }),
  response: z.object({
    status: z.number(),
    headers: z.array(pair).default([]),
    content: z.object({ text: z.string().optional(), encoding: z.string().optional() }).default({}),
  }),
  _resourceType: z.string().optional(),
  _webSocketMessages: z.array(z.object({ type: z.string(), data: z.string() })).optional(),
})
const schema = z.object({ log: z.object({ entries: z.array(entry) }) })

export interface Recording {
  readonly account: Account
  readonly exchanges: readonly Exchange[]
}

const secret =
  /^(authorization|cookie|proxy-authorization|(x-)?(api|access|auth|session|csrf|xsrf)[-_]?(key|token|id)?|x-amz-security-token|x-[\w-]*(token|secret|api-?key|session)[\w-]*)$/i
/** What belongs to the connection or to the browser, not to the request. */
const connection =
  /^(:.*|host|connection|content-length|accept-encoding|transfer-encoding|upgrade|keep-alive|te|user-agent|referer|origin|priority|pragma|cache-control|dnt|if-none-match|if-modified-since|sec-.*|accept-language|x-request-id|traceparent|tracestate)$/i
const program = /\.(m?js|css|map|woff2?|ttf|otf|eot|ico)$/i

export const isCredential = (name: string): boolean => secret.test(name)

/**
 * Reads what a browser recorded while one account was used (HAR 1.2, with Chrome's WebSocket messages).
 *
 * @throws WK750 when it is no HAR
 */
export function parseHar(text: string, name: string, file = name): Recording {
  const json = jsonOf(text.replace(/^\uFEFF/, ""))
  if (json === undefined) throw new WardkeepError("WK750", { message: `${file} is not JSON, or was cut off` })
  const parsed = schema.safeParse(json)
  if (!parsed.success) {
    const [issue] = parsed.error.issues
    throw new WardkeepError("WK750", {
      message: `${file} is not a HAR`,
      detail: `${issue?.path.join(".")}: ${issue?.message}`,
    })
  }
  const entries = parsed.data.log.entries.filter(({ request }) => isCallable(request.url, request.method))
  const exchanges = new Map<string, Exchange>()
  for (const each of entries) {
    const exchange = { account: name, call: callOf(each), answer: recorded(each) }
    exchanges.set(identityOf(exchange.call), exchange)
  }
  return { account: accountOf(name, entries), exchanges: [...exchanges.values()] }
}

function isCallable(url: string, method: string): boolean {
  if (method === "OPTIONS" || !URL.canParse(url)) return false
  const { protocol, pathname } = new URL(url)
  return /^(https?|wss?):$/.test(protocol) && !program.test(pathname)
}

function callOf({ request, _webSocketMessages: said }: z.output<typeof entry>): Call {
  const headers = headersOf(request.headers).filter(([name]) => !secret.test(name) && !connection.test(name))
  const url = new URL(request.url)
  url.hash = ""
  const messages = said?.filter(({ type }) => type === "send").map(({ data }) => data)
  const isSocket = messages !== undefined || url.protocol.startsWith("ws")
  url.protocol = url.protocol.replace(/^http/, isSocket ? "ws" : "http")
  return {
    method: request.method.toUpperCase(),
    url: isSocket ? url.href.replace(/^http/, "ws") : url.href,
    headers,
    ...(request.postData?.text === undefined ? {} : { body: request.postData.text }),
    ...(isSocket ? { messages: messages ?? [] } : {}),
  }
}

function recorded({ response, _webSocketMessages: said }: z.output<typeof entry>) {
  const { text = "", encoding } = response.content
  const heard = said?.filter(({ type }) => type === "receive").map(({ data }) => `data: ${data}`)
  const body = heard === undefined ? Buffer.from(text, encoding === "base64" ? "base64" : "utf8") : heard.join("\n")
  return answerOf(response.status, headersOf(response.headers), Buffer.from(body))
}

/** At each origin the last credentials win: a login in the middle of a recording renews them. */
function accountOf(name: string, entries: readonly z.output<typeof entry>[]): Account {
  const credentials = new Map<string, Credential>()
  const ambient = new Map<string, Set<string>>()
  for (const { request } of entries) {
    const origin = originOf(request.url)
    const keep = (key: string, value: string) => credentials.set(`${origin} ${key}`, [key, value, [origin]])
    for (const [header, value] of headersOf(request.headers)) {
      const key = header.toLowerCase()
      if (secret.test(key)) keep(key, value)
      else if (isOwnHeader(key) && !connection.test(key)) ambient.set(key, (ambient.get(key) ?? new Set()).add(value))
    }
    if (request.cookies.length > 0 && !request.headers.some(({ name: header }) => /^cookie$/i.test(header)))
      keep("cookie", request.cookies.map((cookie) => `${cookie.name}=${cookie.value}`).join("; "))
  }
  const steady = [...ambient]
    .filter(([, values]) => values.size === 1)
    .map(([key, [value = ""]]): Header => [key, value])
  return { name, credentials: [...credentials.values()], ambient: steady }
}

const headersOf = (list: readonly z.output<typeof pair>[]): Header[] => list.map(({ name, value }) => [name, value])
