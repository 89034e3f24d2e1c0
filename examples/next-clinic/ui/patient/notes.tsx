import { signNote, writeNote } from "@/clinic/actions/care"
import { wk } from "@/clinic/context"
import { parts } from "@/clinic/parts"
import type { Visit } from "@/clinic/screen"
import { dayText, nameOf } from "@/words"
import { ActionForm } from "../action-form"
import { Field, TextArea } from "../field"
import { Card, Empty, More, readable, Tag } from "../parts"

interface Note extends Record<string, unknown> {
  readonly id: string
  readonly author: string
  readonly diagnosis: string
  readonly body: string
  readonly status: string
  readonly created_at: Date
}

export async function Notes({ visit: { words, language, may, login }, id }: { visit: Visit; id: string }) {
  const { rows } = await wk.query<Note>(
    `select id, author, diagnosis, body, status, created_at from clinical_note
      where patient_id = $1 order by created_at desc limit 50`,
    [id],
  )
  const person = await parts.peopleOf(rows.map(({ author }) => author))
  const mine = ({ author, status }: Note): boolean => author === login.session.actor && status === "draft"
  return (
    <Card title={words.notes} id="notes">
      {may.does("create", "clinical_note") && (
        <More summary={words.writeNote}>
          <ActionForm action={writeNote} button={words.save}>
            <input type="hidden" name="patient_id" value={id} />
            <Field name="diagnosis" label={words.diagnosis} max={200} />
            <TextArea name="body" label={words.note} />
          </ActionForm>
        </More>
      )}
      {rows.length === 0 && <Empty>{words.none}</Empty>}
      <ul className="rows">
        {rows.map((note) => (
          <li key={note.id}>
            <div className="row-head">
              <span className="strong">{note.diagnosis}</span>
              <span className="end">
                <Tag of={note.status}>{nameOf(words.statuses, note.status)}</Tag>
              </span>
            </div>
            <p>{readable(note.body)}</p>
            <p className="soft fine">
              {person(note.author)} · {dayText(language, note.created_at)}
            </p>
            {mine(note) && (
              <ActionForm action={signNote} button={words.sign} quiet inline label={`${words.sign}: ${note.diagnosis}`}>
                <input type="hidden" name="id" value={note.id} />
                <p className="hint">{words.signHint}</p>
              </ActionForm>
            )}
          </li>
        ))}
      </ul>
    </Card>
  )
}
