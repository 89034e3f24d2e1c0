import { wk } from "@/clinic/context"
import { endings, mostBytes } from "@/clinic/lab-files"
import { parts } from "@/clinic/parts"
import type { Visit } from "@/clinic/screen"
import { dayText } from "@/words"
import { AddLabFile } from "../add-lab-file"
import { Card, Empty, More, readable } from "../parts"

interface LabFile extends Record<string, unknown> {
  readonly id: string
  readonly file_name: string
  readonly author: string
  readonly bytes: number
  readonly created_at: Date
}

const sizeText = (bytes: number): string =>
  bytes < 1024 * 100 ? `${Math.ceil(bytes / 1024)} kB` : `${(bytes / 1024 / 1024).toFixed(1)} MB`

export async function LabFiles({ visit: { words, language, may }, id }: { visit: Visit; id: string }) {
  const { rows } = await wk.query<LabFile>(
    `select id, patient_id, file_name, author, octet_length(content) as bytes, created_at from lab_file
      where patient_id = $1 order by created_at desc limit 50`,
    [id],
  )
  const person = await parts.peopleOf(rows.map(({ author }) => author))
  const { file, fileHint, fileAdded, addFile } = words
  return (
    <Card title={words.labFiles} id="lab-files">
      {may.does("create", "lab_file") && (
        <More summary={addFile}>
          <AddLabFile
            to={`/patients/${id}/lab-files`}
            accept={endings}
            mostBytes={mostBytes}
            words={{ file, fileHint, fileAdded, addFile }}
            errors={words.errors}
          />
        </More>
      )}
      {rows.length === 0 ? <Empty>{words.none}</Empty> : <p className="soft fine">{words.downloadHint}</p>}
      <ul className="rows">
        {rows.map(({ id: key, file_name, author, bytes, created_at }) => (
          <li key={key}>
            <div className="row-head">
              <span className="strong">{readable(file_name)}</span>
              <span className="soft">{sizeText(bytes)}</span>
              {may.does("download", "lab_file") && (
                // A link of the browser's own: what Next fetched ahead would stand in the log as downloaded.
                <a
                  className="end"
                  href={`/lab-files/${key}`}
                  download
                  aria-label={`${words.download}: ${readable(file_name)}`}
                >
                  {words.download}
                </a>
              )}
            </div>
            <p className="soft fine">
              {person(author)} · {dayText(language, created_at)}
            </p>
          </li>
        ))}
      </ul>
    </Card>
  )
}
