import { policy } from "@wardkeep/example-express-clinic"
import { ownEmergencies } from "wardkeep"
import { declare } from "@/clinic/actions/emergency"
import { wk } from "@/clinic/context"
import { type Branch, screen, type Visit } from "@/clinic/screen"
import { ActionForm } from "@/ui/action-form"
import { Field, Select } from "@/ui/field"
import { Card, Go } from "@/ui/parts"
import { nameOf, timeText } from "@/words"

export default screen(
  { place: "emergency", path: () => "/emergency", title: (words) => words.places.emergency },
  async (visit) => {
    const { words, branches } = visit
    const own = branches.map(({ id }) => id)
    const { rows } = await wk.query<Branch & Record<string, unknown>>(
      "select id, name from branch where id <> all ($1) order by name",
      [own],
    )
    const { reasons = [], longestSeconds = 0 } = policy.breakGlass ?? {}
    return (
      <>
        <p className="soft">{words.emergencyIntro}</p>
        {await OpenNow({ visit })}
        <Card id="declare">
          <ActionForm action={declare} button={words.openRecord}>
            <div className="pair">
              <Select
                name="branch"
                id="of-branch"
                label={words.branch}
                options={rows.map(({ id, name }) => [id, name])}
              />
              <Select
                name="reason"
                label={words.reason}
                options={reasons.map((reason) => [reason, nameOf(words.reasons, reason)])}
              />
            </div>
            <Field name="subject" label={words.fields.id ?? "id"} hint={words.recordHint} max={36} />
            <Field name="explanation" label={words.whatHappened} />
            <Field
              name="minutes"
              type="number"
              label={words.minutes}
              hint={`${words.minutesHint} ${longestSeconds / 60}`}
              value="30"
            />
          </ActionForm>
        </Card>
      </>
    )
  },
)

/** What they declared and may still read, in this browser or before a lock. */
async function OpenNow({ visit: { words, language } }: { visit: Visit }) {
  const open = await ownEmergencies(wk)
  if (open.length === 0) return null
  return (
    <Card id="open-now" title={words.openNow}>
      <ul className="rows">
        {open.map(({ id, valid_until }) => (
          <li key={id}>
            <Go to={`/emergency/${id}`}>
              {words.openUntil} {timeText(language, valid_until)}
            </Go>
          </li>
        ))}
      </ul>
    </Card>
  )
}
