import { wardkeepErrorIn } from "wardkeep"
import { clinic } from "../../clinic"
import { ways } from "../kept"

interface At {
  readonly params: Promise<{ readonly how: string }>
}

export const GET = clinic.route(async (_request: Request, { params }: At) => {
  const way = ways[decodeURIComponent((await params).how)]
  try {
    return Response.json(await way?.(), { headers: { "cache-control": "public, max-age=600" } })
  } catch (error) {
    const code = wardkeepErrorIn(error)?.code
    if (code !== "WK115" && code !== "WK116") throw error
    return Response.json({ code })
  }
})
