import { Readable } from "node:stream"
import { download } from "wardkeep/audit"
import { refusedBy } from "@/clinic/code-of"
import { clinic, wk } from "@/clinic/context"
import { neutralName, savedAs } from "@/clinic/lab-files"
import { isId } from "@/clinic/posted"

interface Place {
  readonly params: Promise<{ id: string }>
}

interface Described extends Record<string, unknown> {
  readonly file_name: string
  readonly media_type: string
}

/** A lab file: the download is in the audit log before its first byte leaves, and with its SHA-256 behind the last. */
export const GET = clinic.route(async (_request: Request, { params }: Place) => {
  const { id } = await params
  try {
    const find = "select patient_id, file_name, media_type from lab_file where id = $1"
    const [file] = isId(id) ? (await wk.query<Described>(find, [id])).rows : []
    if (file === undefined) return Response.json({ code: "not_found" }, { status: 404 })
    const called = neutralName(id, file.media_type)
    const leaving = await download(wk, { relation: "public.lab_file", records: [id], file: called }, content(id))
    return new Response(Readable.toWeb(Readable.from(leaving)) as ReadableStream<Uint8Array>, {
      headers: { "content-type": file.media_type, "content-disposition": savedAs(called, file.file_name) },
    })
  } catch (error) {
    return refusedBy(error)
  }
})

async function* content(id: string): AsyncGenerator<Buffer> {
  const { rows } = await wk.query<{ content: Buffer }>("select patient_id, content from lab_file where id = $1", [id])
  for (const row of rows) yield row.content
}
