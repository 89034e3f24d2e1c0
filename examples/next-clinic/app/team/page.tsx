import { accountOf } from "@wardkeep/example-express-clinic"
import { listAssignments } from "wardkeep"
import { withdraw } from "@/clinic/actions/privacy"
import { wk } from "@/clinic/context"
import { parts } from "@/clinic/parts"
import { screen } from "@/clinic/screen"
import { ActionForm } from "@/ui/action-form"
import { Field } from "@/ui/field"
import { Card, More, Tag } from "@/ui/parts"
import { dayText, nameOf } from "@/words"

export default screen(
  { place: "team", path: () => "/team", title: (words) => words.places.team },
  async ({ words, language, login, branches }) => {
    const found = await listAssignments(wk)
    const person = await parts.peopleOf(found.flatMap(({ actor, granted_by }) => [actor, granted_by]))
    const place = (id: string | null): string => branches.find((one) => one.id === id)?.name ?? words.allBranches
    const isAccount = (actor: string): boolean => actor !== accountOf(actor)
    return (
      <>
        <p className="soft">{words.teamIntro}</p>
        <Card id="team">
          <ul className="rows">
            {found.map((one) => (
              <li key={one.id}>
                <div className="row-head">
                  <span className="strong">{person(one.actor)}</span>
                  <Tag>{nameOf(words.roles, one.role)}</Tag>
                  <span>{place(one.branch)}</span>
                  {one.revoked_at !== null && (
                    <span className="end">
                      <Tag of="cancelled">{words.withdrawn}</Tag>
                    </span>
                  )}
                </div>
                <p className="soft fine">
                  {words.given}: {one.reason} · {person(one.granted_by)} · {words.since}{" "}
                  {dayText(language, one.valid_from)} · {words.until}{" "}
                  {one.valid_until === null ? words.noEnd : dayText(language, one.valid_until)}
                </p>
                {one.revoked_at === null && isAccount(one.actor) && one.actor !== login.session.actor && (
                  <More summary={words.withdraw}>
                    <ActionForm
                      action={withdraw}
                      button={words.withdraw}
                      label={`${words.withdraw}: ${person(one.actor)}, ${place(one.branch)}`}
                    >
                      <input type="hidden" name="account" value={accountOf(one.actor)} />
                      <input type="hidden" name="id" value={one.id} />
                      <Field name="reason" id={`reason-${one.id}`} label={words.why} />
                    </ActionForm>
                  </More>
                )}
              </li>
            ))}
          </ul>
        </Card>
      </>
    )
  },
)
