import { z } from "zod"
import type { Does, Route } from "./route.js"

const problem = z.object({
  code: z.string(),
  message: z.string(),
  reason: z.string().optional().describe("why, in one word, such as no-cell, column-hidden, expired"),
  factor: z.literal("totp").optional().describe("with second_factor: what POST /me/second-factor takes"),
  maxAgeSeconds: z.int().optional().describe("with second_factor: how old the last one may be"),
  requestId: z.string(),
  fields: z.array(z.string()).optional(),
})

type Json = Readonly<Record<string, unknown>>

const schemaOf = (schema: z.ZodType, io: "input" | "output"): Json => {
  const { $schema: _dialect, ...rest } = z.toJSONSchema(schema, { io })
  return rest
}

const content = (schema: z.ZodType, io: "input" | "output"): Json => ({
  "application/json": { schema: schemaOf(schema, io) },
})

/** The OpenAPI 3.1 document of these routes, from the same schemas that check the requests. */
export function openApi(routes: readonly Route[]): Json {
  const paths: Record<string, Record<string, Json>> = {}
  for (const route of routes) {
    const path = route.path.replace(/:(\w+)/g, "{$1}")
    paths[path] = { ...paths[path], [route.method]: operation(route) }
  }
  return {
    openapi: "3.1.0",
    info: { title: "Express clinic", version: "1.0.0", description: "The example API of Wardkeep." },
    components: { securitySchemes: { session: { type: "apiKey", in: "cookie", name: "clinic_session" } } },
    paths,
  }
}

function operation(route: Route): Json {
  return {
    summary: route.summary,
    security: route.access === "public" ? [] : [{ session: [] }],
    parameters: [...parameters(route.params, "path"), ...parameters(route.query, "query")],
    ...(route.body === undefined ? {} : { requestBody: { required: true, content: content(route.body, "input") } }),
    responses: {
      [route.status]: { description: "Success", content: content(route.reply, "output") },
      ...(route.does === undefined ? {} : refusals(route.does)),
      default: { description: "Refused or failed", content: content(problem, "output") },
    },
  }
}

const refusals = ([action, table]: Does): Json => ({
  401: { description: "Signed out, over, or a newer second factor is needed", content: content(problem, "output") },
  403: { description: `Your role may not ${action} ${table}; reason says why`, content: content(problem, "output") },
})

function parameters(schema: z.ZodType | undefined, place: "path" | "query"): Json[] {
  if (schema === undefined) return []
  const { properties = {}, required = [] } = z.toJSONSchema(schema, { io: "input" })
  return Object.entries(properties).map(([name, property]) => ({
    name,
    in: place,
    required: required.includes(name),
    schema: property,
  }))
}
