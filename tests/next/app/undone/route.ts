import { clinic, wk } from "../clinic"

export const POST = clinic.route(async (request: Request) => {
  const { name } = (await request.json()) as { name: string }
  return await wk.tx(async (q) => {
    await q.query("insert into patient (full_name) values ($1)", [name])
    throw new Error("undo")
  })
})
