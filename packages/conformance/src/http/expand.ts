import type { Account, Call, Header } from "./exchange.js"
import { kindOfSlot, singular } from "./kind.js"
import type { Api, JsonSchema, Operation, Parameter } from "./openapi.js"
import type { Stage } from "./stage.js"
import type { View } from "./view.js"

const wanted = 2
const attempts = 5
const rounds = 4

/** Makes requests out of an OpenAPI document: lists first, then what the ids in their answers lead to. */
export async function expand(
  stage: Stage,
  api: Api,
  account: Account,
  ask: (call: Call) => Promise<boolean>,
): Promise<void> {
  const asked = new Map<Operation, { readonly calls: Set<string>; answered: number }>()
  for (let round = 0; round < rounds; round++) {
    let news = false
    for (const operation of api.operations) {
      const state = asked.get(operation) ?? { calls: new Set(), answered: 0 }
      asked.set(operation, state)
      const view = stage.viewOf(account.name)
      for (const call of callsOf(stage.baseUrl, api, operation, view)) {
        const key = `${call.url} ${call.body ?? ""}`
        if (state.answered >= wanted || state.calls.size >= attempts || state.calls.has(key)) continue
        if (stage.gate.stopped !== undefined || (round > 0 && !stage.gate.allows(call))) continue
        state.calls.add(key)
        if (await ask(call)) state.answered += 1
        news = true
      }
    }
    if (!news) break
  }
  for (const [{ method, path }, { calls }] of asked) {
    if (calls.size === 0)
      stage.notCovered.add(`${method} ${path}: no value for its parameters was found in ${account.name}'s answers.`)
  }
}

/** Requests for one operation with the values that an account has; none where a required value is missing. */
export function callsOf(baseUrl: string, api: Api, operation: Operation, view: View): Call[] {
  const required = operation.parameters.filter((one) => one.required && (one.in === "query" || one.in === "header"))
  let choices: [Parameter, string][][] = [[]]
  for (const one of required) {
    const values = valuesFor(one, operation, view)
    choices = choices.flatMap((before) => values.map((value): [Parameter, string][] => [...before, [one, value]]))
  }
  const { body } = operation
  const sent = body === undefined ? undefined : JSON.stringify(sample(api, body.schema, body.example, view))
  return pathsOf(operation, view)
    .flatMap((path) => choices.slice(0, attempts).map((values) => ({ path, values })))
    .map(({ path, values }) => {
      const of = (place: string): [string, string][] =>
        values.filter(([one]) => one.in === place).map(([{ name }, value]) => [name, value])
      const query = new URLSearchParams(of("query"))
      const type: Header[] = sent === undefined ? [] : [["content-type", "application/json"]]
      return {
        method: operation.method,
        url: `${baseUrl}${path}${query.size > 0 ? `?${query}` : ""}`,
        headers: [...of("header"), ["accept", "*/*"], ...type],
        ...(sent === undefined ? {} : { body: sent }),
      }
    })
}

function pathsOf(operation: Operation, view: View): string[] {
  let paths = [""]
  for (const segment of operation.path.split("/").slice(1)) {
    const [, before = "", name = "", after = ""] = /^(.*)\{([^}]*)\}(.*)$/.exec(segment) ?? []
    if (name === "") {
      paths = paths.map((path) => `${path}/${segment}`)
      continue
    }
    const parameter = operation.parameters.find((one) => one.in === "path" && one.name === name)
    const previous = paths[0]?.split("/").at(-1) ?? ""
    const values = namesFor(name, previous, view).slice(0, attempts)
    const fallback = parameter === undefined ? undefined : fixedValue(parameter)
    const usable = values.length > 0 ? values : fallback === undefined ? anyIds(view) : [fallback]
    paths = paths.flatMap((path) => usable.map((value) => `${path}/${before}${encodeURIComponent(value)}${after}`))
  }
  return paths
}

/** One id of each kind: the name of a route does not always say what it is a route to. */
function anyIds(view: View): string[] {
  const kinds = new Map<string, string>()
  for (const { item } of view.items.values()) {
    const own = item.leaves.find(({ text }) => text === item.id)
    if (own?.kind !== undefined && !kinds.has(own.kind)) kinds.set(own.kind, own.text)
  }
  return [...kinds.values()].slice(0, attempts)
}

/** What the account has of the kind that a parameter takes: by its name, or by the segment before it. */
export function namesFor(name: string, before: string, view: View): string[] {
  const own = /^(_?ids?|uuid|guid)$/i.test(name) ? [] : view.namesOf(kindOfSlot(name))
  return own.length > 0 ? own : view.namesOf(singular(before))
}

function valuesFor(parameter: Parameter, { path }: Operation, view: View): string[] {
  const before = path.split("/").findLast((segment) => segment !== "" && !segment.includes("{")) ?? ""
  const fixed = fixedValue(parameter)
  if (fixed !== undefined) return [fixed]
  const named = namesFor(parameter.name, before, view).slice(0, 2)
  const plain = plainValue(parameter.schema)
  if (named.length > 0 || plain !== undefined) return [...named, ...(plain === undefined ? [] : [plain])].slice(0, 2)
  return /ids?$/i.test(parameter.name) ? anyIds(view) : []
}

function fixedValue({ example, schema }: Parameter): string | undefined {
  const [first] = [example, schema.example, schema.default, ...listOf(schema.enum), schema.const].filter(
    (value) => value !== undefined && value !== null,
  )
  return first === undefined ? undefined : String(first)
}

function plainValue(schema: JsonSchema): string | undefined {
  if (schema.format === "date") return new Date().toISOString().slice(0, 10)
  if (schema.format === "date-time") return new Date().toISOString()
  if (schema.type === "integer" || schema.type === "number") return String(schema.minimum ?? 1)
  if (schema.type === "boolean") return "true"
  return undefined
}

/** A body as the schema wants it, with ids that the account has. */
function sample(api: Api, schema: JsonSchema, example: unknown, view: View, key = "", depth = 0): unknown {
  if (example !== undefined) return example
  const type = api.resolve(schema)
  const [fixed] = [type.example, type.default, type.const, ...listOf(type.enum)].filter((value) => value !== undefined)
  if (fixed !== undefined) return fixed
  if (depth > 6) return null
  const inner = (value: unknown, name: string): unknown =>
    sample(api, isSchema(value) ? value : {}, undefined, view, name, depth + 1)
  if (isSchema(type.properties))
    return Object.fromEntries(Object.entries(type.properties).map(([name, value]) => [name, inner(value, name)]))
  if (type.type === "array") return [inner(type.items, key)]
  const [named] = view.namesOf(kindOfSlot(key))
  return type.type === "integer" && named !== undefined && /^\d+$/.test(named)
    ? Number(named)
    : (named ?? plainValue(type) ?? "x")
}

const listOf = (value: unknown): unknown[] => (Array.isArray(value) ? value : [])
const isSchema = (value: unknown): value is JsonSchema => typeof value === "object" && value !== null
