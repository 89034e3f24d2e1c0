import { notFound } from "next/navigation"
import type { AuditEvent } from "wardkeep/audit"
import { wk } from "@/clinic/context"
import { patientTimeline } from "@/clinic/office"
import { parts } from "@/clinic/parts"
import { screen, type Visit } from "@/clinic/screen"
import { Field } from "@/ui/field"
import { Card, Empty } from "@/ui/parts"
import { momentText, nameOf } from "@/words"

const isId = (text: string | undefined): text is string => /^[0-9a-f-]{36}$/.test(text ?? "")

export default screen(
  { place: "seen", path: ({ id }) => `/privacy/seen/${id}`, title: (words) => words.places.seen },
  async (visit) => {
    const { words, params, query, login } = visit
    if (!isId(params.id)) notFound()
    // In the caller's own context first: the timeline itself is read by the owner of the data.
    const { rows } = await wk.query<{ full_name: string }>("select full_name from patient where id = $1", [params.id])
    const [person] = rows
    const tenant = login.session.grants[0]?.tenant
    if (person === undefined || tenant === undefined) notFound()
    const reason = (query.reason ?? "").trim()
    const ask = (
      <form method="get" action={`/privacy/seen/${params.id}`} className="line">
        <Field name="reason" label={words.lookReason} value={reason} />
        <div className="actions">
          <button type="submit">{words.ask}</button>
        </div>
      </form>
    )
    const by = login.session.actor
    const found = reason === "" ? undefined : await patientTimeline({ by, tenant, subject: params.id, reason })
    const who = await parts.peopleOf((found?.rows ?? []).map(({ actor }) => actor))
    return {
      heading: person.full_name,
      main: (
        <>
          <Card id="ask">
            <p className="soft">{words.seenIntro}</p>
            {ask}
          </Card>
          {found !== undefined && (
            <Card id="timeline" title={words.timeline}>
              {found.rows.length === 0 && <Empty>{words.none}</Empty>}
              <ol className="timeline">
                {found.rows.map((event) => (
                  <Event
                    key={`${event.at}-${event.verb}-${event.relation}-${event.record}`}
                    event={event}
                    who={who}
                    visit={visit}
                  />
                ))}
              </ol>
              <p className="soft fine">
                {found.coverage.undetermined} {words.undetermined}.
              </p>
            </Card>
          )}
        </>
      ),
    }
  },
)

function Event({
  event,
  who,
  visit: { words, language, may },
}: {
  event: AuditEvent
  who: (actor: string) => string
  visit: Visit
}) {
  const { at, actor, role, verb, relation, detail } = event
  const table = relation.replace("public.", "")
  const isChange = ["create", "update", "delete"].includes(verb)
  const changes = isChange ? Object.entries(detail ?? {}).filter(([, value]) => Array.isArray(value)) : []
  // Old and new values as far as the role reads the column itself.
  const shown = changes.filter(([column]) => may.reads(table, column))
  return (
    <li className={isChange ? "changed" : undefined}>
      <div className="row-head">
        <span className="strong">
          {nameOf(words.verbs, verb)}: {nameOf(words.relations, table)}
        </span>
        <span className="end soft fine">{momentText(language, at)}</span>
      </div>
      <p className="soft">
        {who(actor)}, {nameOf(words.roles, role)}
      </p>
      {shown.map(([column, value]) => (
        <p className="change" key={column}>
          <span className="soft">{nameOf(words.fields, column)}</span>
          <span className="hidden">{words.before}</span>
          <del>{textOf(value, 0)}</del>
          <span className="hidden">{words.after}</span>
          <ins>{textOf(value, 1)}</ins>
        </p>
      ))}
      {changes.length > shown.length && (
        <p className="soft fine">
          {changes
            .filter((one) => !shown.includes(one))
            .map(([column]) => nameOf(words.fields, column))
            .join(", ")}
          : {words.hidden}
        </p>
      )}
    </li>
  )
}

function textOf(value: unknown, side: 0 | 1): string {
  const one: unknown = Array.isArray(value) ? value[side] : undefined
  return one === null || one === undefined ? "–" : String(one)
}
