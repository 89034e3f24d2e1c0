import { refusedBy } from "@/clinic/code-of"
import { clinic, currentLogin, wk } from "@/clinic/context"
import { fileName, mediaTypeOf, mostBytes } from "@/clinic/lab-files"
import { bytesOf, isOwn } from "@/clinic/posted"

interface Place {
  readonly params: Promise<{ id: string }>
}

const refused = (code: string, status: number): Response => Response.json({ code }, { status })

/** Adds a file to a patient: its bytes are the body. Not a server action, whose forms are kept small. */
export const POST = clinic.route(async (request: Request, { params }: Place) => {
  if (!isOwn(request)) return refused("forbidden", 403)
  const login = await currentLogin()
  if (login === undefined) return refused("WK101", 401)
  const content = await bytesOf(request, mostBytes)
  if (content === undefined) return refused("too_large", 413)
  const type = mediaTypeOf(content)
  if (type === undefined) return refused("wrong_kind", 415)
  try {
    await wk.query(
      "insert into lab_file (patient_id, author, file_name, media_type, content) values ($1, $2, $3, $4, $5)",
      [(await params).id, login.session.actor, fileName(request.headers.get("x-file-name"), type), type, content],
    )
    return new Response(null, { status: 201 })
  } catch (error) {
    return refusedBy(error)
  }
})
