import { clinic, list, wk } from "../clinic"

export const GET = clinic.route(async () => Response.json(await list()))

export const POST = clinic.route(async (request: Request) => {
  const { name } = (await request.json()) as { name: string }
  const text = "insert into patient (full_name) values ($1) returning clinic_id, full_name"
  return Response.json((await wk.query(text, [name])).rows)
})
