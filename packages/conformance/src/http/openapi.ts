import { WardkeepError } from "@wardkeep/core"
import { z } from "zod"
import { jsonOf } from "./scope.js"

const jsonSchema = z.looseObject({})
const reference = z.object({ $ref: z.string() })
const parameter = z.object({
  name: z.string(),
  in: z.enum(["path", "query", "header", "cookie"]),
  required: z.boolean().default(false),
  example: z.unknown().optional(),
  schema: jsonSchema.optional(),
})
const parameters = z.array(z.union([reference, parameter])).default([])
const content = z.record(z.string(), z.object({ schema: jsonSchema.optional(), example: z.unknown().optional() }))
const operation = z.object({
  parameters,
  requestBody: z.object({ content }).optional(),
  security: z.array(z.record(z.string(), z.unknown())).optional(),
})
const methods = ["get", "head", "post", "put", "patch", "delete"] as const
const schema = z.looseObject({
  openapi: z.string(),
  servers: z.array(z.object({ url: z.string() })).default([]),
  security: operation.shape.security,
  paths: z.record(
    z.string(),
    z.looseObject({
      parameters,
      ...Object.fromEntries(methods.map((method) => [method, operation.optional()])),
    }),
  ),
})

export type JsonSchema = z.output<typeof jsonSchema>
export interface Parameter {
  readonly name: string
  readonly in: "path" | "query" | "header" | "cookie"
  readonly required: boolean
  readonly example: unknown
  readonly schema: JsonSchema
}
export interface Operation {
  readonly method: string
  /** As the document writes it, behind the server's own path. */
  readonly path: string
  readonly parameters: readonly Parameter[]
  readonly body: { readonly schema: JsonSchema; readonly example: unknown } | undefined
  /** Whether the document says that somebody must sign in; undefined where it does not say. */
  readonly needsLogin: boolean | undefined
}
export interface Api {
  readonly servers: readonly string[]
  readonly operations: readonly Operation[]
  /** The object behind a local `$ref`. */
  resolve(value: JsonSchema): JsonSchema
}

/**
 * Reads the parts of an OpenAPI 3 document that requests are made from: servers, paths, parameters and JSON bodies.
 *
 * @throws WK751 when it is no OpenAPI 3 document in JSON
 */
export function parseOpenApi(text: string, file: string): Api {
  const json = jsonOf(text)
  const hint = "Give an OpenAPI 3 document in JSON; convert YAML first."
  if (json === undefined) throw new WardkeepError("WK751", { message: `${file} is not JSON`, hint })
  const parsed = schema.safeParse(json)
  if (!parsed.success) {
    const [issue] = parsed.error.issues
    const detail = `${issue?.path.join(".")}: ${issue?.message}`
    throw new WardkeepError("WK751", { message: `${file} is not an OpenAPI 3 document`, detail })
  }
  const document = parsed.data
  const resolve = (value: JsonSchema): JsonSchema => followed(value, json, 0)
  const operations = Object.entries(document.paths).flatMap(([path, item]) =>
    methods.flatMap((method): Operation[] => {
      const found = operation.safeParse(item[method])
      if (item[method] === undefined || !found.success) return []
      const { requestBody, security = document.security } = found.data
      const json = Object.entries(requestBody?.content ?? {}).find(([type]) => /json/.test(type))?.[1]
      return [
        {
          method: method.toUpperCase(),
          path,
          parameters: [...item.parameters, ...found.data.parameters].flatMap((one) => parameterOf(one, resolve)),
          body: json === undefined ? undefined : { schema: resolve(json.schema ?? {}), example: json.example },
          needsLogin:
            security === undefined
              ? undefined
              : security.every((one) => Object.keys(one).length > 0) && security.length > 0,
        },
      ]
    }),
  )
  if (operations.length === 0) throw new WardkeepError("WK751", { message: `${file} names no operation`, hint })
  return { servers: document.servers.map(({ url }) => url), operations, resolve }
}

function parameterOf(one: z.output<typeof parameters>[number], resolve: Api["resolve"]): Parameter[] {
  const found = "$ref" in one ? parameter.safeParse(resolve(one)) : { success: true as const, data: one }
  if (!found.success) return []
  const { name, required, example, schema: type = {} } = found.data
  return [{ name, in: found.data.in, required, example, schema: resolve(type) }]
}

function followed(value: JsonSchema, document: unknown, depth: number): JsonSchema {
  if (typeof value.$ref !== "string" || depth > 10) return value
  let target: unknown = document
  for (const part of value.$ref.replace(/^#\//, "").split("/")) {
    const key = part.replace(/~1/g, "/").replace(/~0/g, "~")
    target = typeof target === "object" && target !== null ? Object.entries(target).find(([k]) => k === key)?.[1] : null
  }
  const found = jsonSchema.safeParse(target)
  return found.success ? followed(found.data, document, depth + 1) : {}
}
