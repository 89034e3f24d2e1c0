import type { Hole } from "./hole.ts"

export interface Document {
  readonly paths: Record<string, Record<string, unknown>>
}

/** The clinic's own OpenAPI document with the planted routes in it, as a product that documents what it has. */
export function documentWith(clinic: Document, holes: readonly Hole[]): string {
  const paths = structuredClone(clinic.paths)
  for (const { on } of holes.flatMap(({ routes }) => routes)) {
    const [method = "GET", pattern = ""] = on.split(" ")
    if (method === "HEAD") continue
    const path = pattern.replace(/:(\w+)/g, "{$1}")
    const ids = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => ({
      name,
      in: "path",
      required: true,
      schema: { type: "string" },
    }))
    paths[path] = {
      ...paths[path],
      [method.toLowerCase()]: {
        parameters: [...ids, ...(queries[on] ?? [])],
        ...bodies[on],
        security: [{ session: [] }],
      },
    }
  }
  return JSON.stringify({ ...clinic, paths })
}

const query = (name: string, required: boolean, schema: object = { type: "string" }) => ({
  name,
  in: "query",
  required,
  schema,
})
const queries: Readonly<Record<string, readonly object[]>> = {
  "GET /card": [query("patient_id", true)],
  "GET /several": [query("ids", true)],
  "GET /visits": [query("clinic", false)],
  "GET /find": [query("q", true, { type: "string", example: "a" })],
  "GET /agenda": [query("include", false, { type: "string", enum: ["waitlist"] })],
}

const body = (schema: object) => ({ requestBody: { content: { "application/json": { schema } } } })
const bodies: Readonly<Record<string, object>> = {
  "POST /cards/find": body({ type: "object", properties: { patient_id: { type: "string", format: "uuid" } } }),
}
