import { unexplained } from "wardkeep/audit"
import { decideAccess } from "@/clinic/actions/privacy"
import { wk } from "@/clinic/context"
import { namesOf } from "@/clinic/names"
import { parts } from "@/clinic/parts"
import { screen } from "@/clinic/screen"
import { ActionForm } from "@/ui/action-form"
import { Field, Select } from "@/ui/field"
import { Card, Empty, Go, More, Tag } from "@/ui/parts"
import { momentText, nameOf } from "@/words"

/** As many as one looks at in a sitting, each with its form; what waits behind them comes up as they are decided. */
const together = 20

const outcomes = ["legitimate", "not_legitimate", "forwarded"] as const

export default screen(
  { place: "accesses", path: () => "/privacy/accesses", title: (words) => words.places.accesses },
  async ({ words, language, query }) => {
    const reason = (query.reason ?? "").trim()
    const ask = (
      <form method="get" action="/privacy/accesses" className="line">
        <Field name="reason" label={words.lookReason} value={reason} />
        <div className="actions">
          <button type="submit">{words.look}</button>
        </div>
      </form>
    )
    if (reason === "")
      return (
        <Card id="ask">
          <p className="soft">{words.accessesIntro}</p>
          {ask}
        </Card>
      )
    // Some seconds ahead: the database's clock says when an access was.
    const to = Date.now() + 10_000
    const window = { from: new Date(to - 7 * 86_400_000).toISOString(), to: new Date(to).toISOString() }
    const found = await unexplained({ client: wk, ...window, reason })
    const isOpen = (status: string): boolean =>
      status === "open" || status === "explained_later" || status === "forwarded"
    // What was handed on comes behind what nobody looked at.
    const waiting = found.rows
      .filter(({ status }) => isOpen(status))
      .sort((one, other) => Number(one.status === "forwarded") - Number(other.status === "forwarded"))
    const decided = found.rows.filter(({ status }) => !isOpen(status))
    const rows = [...waiting.slice(0, together), ...decided.slice(-together)]
    const person = await parts.peopleOf(rows.map(({ actor }) => actor))
    const names = await namesOf(rows.map(({ subject }) => subject))
    return (
      <>
        <div className="figures">
          <p className="figure">
            <b>{found.counts.unexplained}</b> {words.unexplained}
          </p>
          <p className="figure">
            <b>{found.counts.explained}</b> {words.explained}
          </p>
        </div>
        <Card id="queue" title={words.places.accesses}>
          {rows.length === 0 && <Empty>{words.none}</Empty>}
          {waiting.length > together && (
            <p className="soft">
              {words.waitBehind} {waiting.length - together}
              {found.more && "+"}
            </p>
          )}
          <ul className="rows">
            {rows.map(({ event, subject, actor, role, at, verb, relation, status }) => (
              <li key={`${event}-${subject}`}>
                <div className="row-head">
                  <span className="strong">{person(actor)}</span>
                  <span className="soft">
                    {words.as} {nameOf(words.roles, role)}
                  </span>
                  <span className="end">
                    <Tag of={status}>{nameOf(words.statuses, status)}</Tag>
                  </span>
                </div>
                <p>
                  {nameOf(words.verbs, verb)}: {nameOf(words.relations, relation.replace("public.", ""))} ·{" "}
                  <Go to={`/patients/${subject}`}>{names(subject)}</Go> · {momentText(language, at)}
                </p>
                {isOpen(status) && (
                  <More summary={words.decide}>
                    <ActionForm
                      action={decideAccess}
                      button={words.decide}
                      label={`${words.decide}: ${names(subject)}, ${momentText(language, at)}`}
                    >
                      <input type="hidden" name="event" value={event} />
                      <input type="hidden" name="patient" value={subject ?? ""} />
                      <Select
                        name="outcome"
                        id={`outcome-${event}-${subject}`}
                        label={words.outcome}
                        options={outcomes.map((one) => [one, nameOf(words.statuses, one)])}
                      />
                      <Field name="reason" id={`reason-${event}-${subject}`} label={words.why} />
                    </ActionForm>
                  </More>
                )}
              </li>
            ))}
          </ul>
        </Card>
        {found.coverage.gaps.length > 0 && (
          <Card title={words.gaps} id="gaps">
            <ul className="rows" lang="en">
              {found.coverage.gaps.map((gap) => (
                <li key={gap}>{gap}</li>
              ))}
            </ul>
          </Card>
        )}
        <Card id="again">{ask}</Card>
      </>
    )
  },
)
