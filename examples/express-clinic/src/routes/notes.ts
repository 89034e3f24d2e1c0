import type { Wardkeep } from "wardkeep"
import { z } from "zod"
import { oneRow } from "../http/clinic-error.js"
import { byId, done, type Route, route } from "../http/route.js"
import { columnsOf, moment } from "./columns.js"

export const note = z.object({
  id: z.uuid(),
  patient_id: z.uuid(),
  author: z.string(),
  diagnosis: z.string(),
  body: z.string(),
  status: z.enum(["draft", "signed"]),
  signed_at: moment.nullable(),
  created_at: moment,
})
export const noteColumns = columnsOf(note)
const attachment = z.object({
  id: z.uuid(),
  note_id: z.uuid(),
  file_name: z.string(),
  media_type: z.string(),
  bytes: z.int(),
})
const attachmentColumns = columnsOf(attachment)
const text = z.strictObject({ diagnosis: z.string().min(1).max(200), body: z.string().min(1).max(20_000) })
const file = z.strictObject({
  file_name: z.string().min(1).max(200),
  media_type: z.string().regex(/^[a-z]+\/[a-z0-9.+-]+$/),
  bytes: z.int().min(0).max(50_000_000),
})

export function noteRoutes(wk: Wardkeep): Route[] {
  return [...noteOnly(wk), ...attachmentRoutes(wk)]
}

function noteOnly(wk: Wardkeep): Route[] {
  return [
    route({
      method: "get",
      path: "/patients/:id/notes",
      does: ["read", "clinical_note"],
      summary: "A patient's clinical notes",
      params: byId,
      reply: z.object({ notes: z.array(note) }),
      async handle({ params }) {
        const { rows } = await wk.query(
          `select ${noteColumns} from clinical_note where patient_id = $1 order by created_at desc limit 100`,
          [params.id],
        )
        return { notes: rows }
      },
    }),
    route({
      method: "post",
      path: "/patients/:id/notes",
      does: ["create", "clinical_note"],
      summary: "Writes a clinical note",
      params: byId,
      body: text,
      reply: note,
      status: 201,
      async handle({ params, body, login }) {
        const { rows } = await wk.query(
          `insert into clinical_note (patient_id, author, diagnosis, body) values ($1, $2, $3, $4) returning ${noteColumns}`,
          [params.id, login?.session.actor, body.diagnosis, body.body],
        )
        return oneRow(rows, "patient")
      },
    }),
    route({
      method: "patch",
      path: "/notes/:id",
      does: ["update", "clinical_note"],
      summary: "Corrects a note of one's own that is not signed yet, or signs it",
      params: byId,
      body: text.partial().extend({ sign: z.literal(true).optional() }),
      reply: note,
      async handle({ params, body }) {
        // Whose note it is and whether it is signed already, the policy file says and the database asks.
        const { rows } = await wk.query(
          `update clinical_note set diagnosis = coalesce($2, diagnosis), body = coalesce($3, body),
                  status = case when $4 then 'signed' else 'draft' end, signed_at = case when $4 then now() end
            where id = $1 returning ${noteColumns}`,
          [params.id, body.diagnosis ?? null, body.body ?? null, body.sign ?? false],
        )
        return oneRow(rows, "draft of yours")
      },
    }),
  ]
}

function attachmentRoutes(wk: Wardkeep): Route[] {
  return [
    route({
      method: "get",
      path: "/notes/:id/attachments",
      does: ["read", "attachment"],
      summary: "What is attached to a note",
      params: byId,
      reply: z.object({ attachments: z.array(attachment) }),
      async handle({ params }) {
        const { rows } = await wk.query(`select ${attachmentColumns} from attachment where note_id = $1`, [params.id])
        return { attachments: rows }
      },
    }),
    route({
      method: "post",
      path: "/notes/:id/attachments",
      does: ["create", "attachment"],
      summary: "Attaches a file to a note (its description; the bytes live elsewhere)",
      params: byId,
      body: file,
      reply: attachment,
      status: 201,
      async handle({ params, body }) {
        const { rows } = await wk.query(
          `insert into attachment (note_id, file_name, media_type, bytes) values ($1, $2, $3, $4) returning ${attachmentColumns}`,
          [params.id, body.file_name, body.media_type, body.bytes],
        )
        return oneRow(rows, "note")
      },
    }),
    route({
      method: "delete",
      path: "/attachments/:id",
      does: ["delete", "attachment"],
      summary: "Removes an attachment",
      params: byId,
      reply: done,
      async handle({ params }) {
        const { rows } = await wk.query("delete from attachment where id = $1 returning id", [params.id])
        oneRow(rows, "attachment")
        return { ok: true }
      },
    }),
  ]
}
