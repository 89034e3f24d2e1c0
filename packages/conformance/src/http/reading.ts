import type { Answer } from "./exchange.js"
import { kindOfKey, singular } from "./kind.js"
import { jsonOf } from "./scope.js"
import { isName, strongTokens } from "./token.js"

/** One value of an answer and where it stood. */
export interface Leaf {
  /** `$.patients[3].phone`, `body line 4`, `header location`. */
  readonly path: string
  readonly key: string
  readonly text: string
  /** What the value identifies, such as `patient`; undefined when it identifies nothing. */
  readonly kind: string | undefined
  /** The parts of the text that nobody guesses. */
  readonly tokens: readonly string[]
}

/** An object, a line of a file or an event: values that belong together. */
export interface Item {
  readonly id: string | undefined
  readonly leaves: readonly Leaf[]
  /** Not deeper than a list at the top: nested objects are often shared by everybody. */
  readonly top: boolean
}

export interface Reading {
  readonly leaves: readonly Leaf[]
  readonly items: readonly Item[]
  /** Token → where it was first seen. */
  readonly tokens: ReadonlyMap<string, Leaf>
}

const silentHeaders =
  /^(date|etag|last-modified|expires|age|content-length|content-type|set-cookie|x-request-id|x-correlation-id|traceparent|x-trace-id|cf-.*|server|via|x-powered-by|content-security-policy.*|strict-transport-security|report-to|nel|alt-svc|vary|cache-control|x-ratelimit-.*|ratelimit-.*|retry-after|connection|keep-alive|transfer-encoding|access-control-.*|cross-origin-.*|x-content-type-options|x-frame-options|sec-websocket-.*)$/i
const mostLeaves = 20_000

const known = new WeakMap<Answer, Map<string, Reading>>()

/** As `takeApart`, once for each answer. */
export function readAnswer(answer: Answer, collection = ""): Reading {
  const readings = known.get(answer) ?? new Map<string, Reading>()
  known.set(answer, readings)
  const reading = readings.get(collection) ?? takeApart(answer, collection)
  readings.set(collection, reading)
  return reading
}

function leafOf(path: string, key: string, text: string, kind: string | undefined): Leaf {
  return { path, key, text, kind, tokens: strongTokens(text) }
}

/** Takes an answer apart: JSON, event streams, CSV and any other text, and the headers that can carry data. */
function takeApart(answer: Answer, collection: string): Reading {
  const items: Item[] = []
  const leaves: Leaf[] = []
  const json = jsonOf(answer.body)
  if (typeof json === "object" && json !== null) walk(json, { path: "$", key: "", collection, depth: 0, leaves, items })
  else readLines(answer.body, collection, leaves, items)
  for (const [name, value] of answer.headers) {
    if (!silentHeaders.test(name)) leaves.push(leafOf(`header ${name.toLowerCase()}`, name, decoded(value), undefined))
  }
  const tokens = new Map<string, Leaf>()
  for (const leaf of leaves) for (const token of leaf.tokens) if (!tokens.has(token)) tokens.set(token, leaf)
  return { leaves, items, tokens }
}

interface Walk {
  readonly path: string
  readonly key: string
  readonly collection: string
  readonly depth: number
  readonly leaves: Leaf[]
  readonly items: Item[]
}

function walk(value: unknown, at: Walk): void {
  if (at.depth > 12 || at.leaves.length > mostLeaves) return
  if (Array.isArray(value)) {
    for (const [index, each] of value.entries())
      walk(each, { ...at, path: `${at.path}[${index}]`, depth: at.depth + 1 })
  } else if (typeof value === "object" && value !== null) {
    const before = at.leaves.length
    const collection = at.key === "" ? at.collection : at.key
    const own: Leaf[] = []
    for (const [index, [key, each]] of Object.entries(value).entries()) {
      // Objects keyed by e-mail or telephone number: a path goes into the report.
      const step = isName(key) ? `.${key}` : `.column ${index + 1}`
      const next = { ...at, path: `${at.path}${step}`, key, collection, depth: at.depth + 1 }
      const start = at.leaves.length
      walk(each, next)
      if (!isObject(each)) own.push(...at.leaves.slice(Math.max(start, before)))
    }
    if (own.length > 0) at.items.push({ id: idOf(own, collection), leaves: own, top: at.depth <= 2 })
  } else if (value !== null && value !== undefined && typeof value !== "boolean") {
    const kind = kindOfKey(at.key, at.collection, at.path.endsWith("]"))
    at.leaves.push(leafOf(at.path, at.key, String(value), kind))
  }
}

const isObject = (value: unknown): boolean => typeof value === "object" && value !== null

/** The value that names the object itself, not something it refers to. */
function idOf(leaves: readonly Leaf[], collection: string): string | undefined {
  const own = leaves.find(({ key }) => /^(_?id|uuid|guid)$/i.test(key))
  return (own ?? leaves.find(({ kind }) => kind !== undefined && kind === singular(collection)))?.text
}

function readLines(text: string, collection: string, leaves: Leaf[], items: Item[]): void {
  const lines = text
    .replace(/<[^>]*>/g, "\t")
    .split(/\r?\n/)
    .slice(0, 5_000)
  const first = (lines[0] ?? "").split(/[,;\t]/).map((name) => name.trim().replace(/^"|"$/g, ""))
  const names = first.every(isHeading) ? first : []
  for (const [index, line] of lines.entries()) {
    const event = jsonOf(line.replace(/^data:\s*/, ""))
    if (isObject(event)) {
      walk(event, { path: `body line ${index + 1}, $`, key: "", collection, depth: 0, leaves, items })
      continue
    }
    const cells = line.split(/[,;\t]/).map((cell) => cell.trim().replace(/^"|"$/g, ""))
    const named = names.length > 1 && cells.length === names.length && index > 0
    const own = cells.flatMap((text, column): Leaf[] => {
      const key = named ? (names[column] ?? "") : ""
      return text === ""
        ? []
        : [leafOf(`body line ${index + 1} column ${column + 1}`, key, text, kindOfKey(key, collection, false))]
    })
    leaves.push(...own)
    if (own.length > 0) items.push({ id: idOf(own, collection), leaves: own, top: true })
  }
}

/** The first line of a file without headings is a row like any other. */
const isHeading = (text: string): boolean => /^[A-Za-z_][\w .()/-]{0,40}$/.test(text) && strongTokens(text).length === 0

function decoded(value: string): string {
  try {
    return decodeURIComponent(value)
  } catch {
    return value
  }
}
