import { isCredentialParameter } from "./credentials.js"
import { answerOf, type Call, isOwnHeader } from "./exchange.js"
import type { Operation } from "./openapi.js"
import { readAnswer } from "./reading.js"
import { jsonOf } from "./scope.js"
import { strongTokens } from "./token.js"

/** A place of a request where a value stands that names something. */
export interface Slot {
  readonly place: "path" | "query" | "body" | "header"
  readonly name: string
  readonly value: string
}

/** Turns requests into routes: by the API's own document where there is one, otherwise by the look of the segments. */
export class Routes {
  readonly #known: readonly {
    readonly operation: Operation
    readonly template: string
    readonly pattern: RegExp
  }[]

  constructor(
    operations: readonly Operation[],
    basePath: string,
    /** Values that name things although they do not look like it, such as slugs. */
    private readonly isId: (segment: string, before: string) => boolean,
  ) {
    this.#known = operations
      .map((operation) => {
        const template = `${basePath}${operation.path}`
        const source = template.split(/\{[^}]*\}/).map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"))
        return { operation, template, pattern: new RegExp(`^${source.join("([^/]+)")}/?$`) }
      })
      .sort((a, b) => a.template.split("{").length - b.template.split("{").length)
  }

  /** `GET /patients/{id}/notes`. */
  of(call: Call): string {
    return `${call.method} ${this.templateOf(call)}`
  }

  templateOf(call: Call): string {
    const { pathname } = new URL(call.url)
    const known = this.#find(call)
    if (known !== undefined) return known.template
    const segments = pathname.split("/")
    return segments.map((segment, at) => this.#generalised(segment, segments[at - 1] ?? "")).join("/")
  }

  /** What the API's document says about signing in; undefined where it says nothing. */
  needsLogin(call: Call): boolean | undefined {
    return this.#find(call)?.operation.needsLogin
  }

  operationOf(call: Call): Operation | undefined {
    return this.#find(call)?.operation
  }

  #find(call: Call) {
    const { pathname } = new URL(call.url)
    return this.#known.find(({ operation, pattern }) => operation.method === call.method && pattern.test(pathname))
  }

  /** The word before the last id, or the last word: what a list at this address is a list of. */
  collectionOf(call: Call): string {
    const words = this.templateOf(call)
      .split("/")
      .filter((segment) => segment !== "" && !segment.includes("{"))
    return words.at(-1)?.replace(/\.\w+$/, "") ?? ""
  }

  slotsOf(call: Call): Slot[] {
    const url = new URL(call.url)
    const template = this.templateOf(call).split("/")
    const segments = url.pathname.split("/")
    const path = segments.flatMap((segment, at): Slot[] => {
      const shape = template[at] ?? segment
      if (!shape.includes("{")) return []
      const name = template.slice(0, at).findLast((word) => word !== "" && !word.includes("{")) ?? ""
      return [{ place: "path", name, value: valueIn(segment, shape) }]
    })
    const query = [...url.searchParams]
      .filter(([name]) => !isCredentialParameter(name))
      .map(([name, value]): Slot => ({ place: "query", name, value }))
    const headers = call.headers.filter(([name]) => isOwnHeader(name))
    const own = headers.map(([name, value]): Slot => ({ place: "header", name, value }))
    return [...path, ...query, ...[call.body, ...(call.messages ?? [])].flatMap(bodySlots), ...own]
  }

  #generalised(segment: string, before: string): string {
    const plain = decodeURIComponentSafe(segment)
    if (segment === "" || /^v\d+$/.test(segment)) return segment
    if (/^\d+$/.test(plain) || this.isId(plain, before)) return "{id}"
    if (!/^[\w.~!$&'()*+,;=:@-]*$/.test(plain)) return "{id}"
    const [token] = strongTokens(plain)
    if (token !== undefined) return plain.toLowerCase().replace(token, "{id}")
    return plain.replace(/(^|[-_.])\d+(?=[-_.]|$)/, "$1{id}")
  }
}

function bodySlots(body: string | undefined): Slot[] {
  if (body === undefined) return []
  if (jsonOf(body) === undefined)
    return [...new URLSearchParams(body)].map(([name, value]) => ({ place: "body", name, value }))
  const { leaves } = readAnswer(answerOf(200, [["content-type", "application/json"]], Buffer.from(body)))
  return leaves.map(({ key, text }) => ({ place: "body", name: key, value: text }))
}

function valueIn(segment: string, shape: string): string {
  const [before = "", after = ""] = shape.split(/\{[^}]*\}/)
  const plain = decodeURIComponentSafe(segment)
  return plain.slice(before.length, after === "" ? undefined : -after.length)
}

export function decodeURIComponentSafe(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
