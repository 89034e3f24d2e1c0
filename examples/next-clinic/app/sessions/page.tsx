import { endSession } from "@/clinic/actions/sessions"
import { parts } from "@/clinic/parts"
import { screen } from "@/clinic/screen"
import { ActionForm } from "@/ui/action-form"
import { Card, Tag } from "@/ui/parts"
import { momentText } from "@/words"

export default screen(
  { place: "sessions", path: () => "/sessions", title: (words) => words.places.sessions },
  async ({ words, language, login }) => {
    const open = await parts.issuer.listSessions(login.session.actor)
    return (
      <>
        <p className="soft">{words.sessionsIntro}</p>
        <Card id="sessions">
          <ul className="rows">
            {open.map(({ id, label, createdAt }) => (
              <li key={id}>
                <div className="row-head">
                  <span className="strong">{label ?? "–"}</span>
                  {id === login.session.id && (
                    <span className="end">
                      <Tag of="done">{words.thisSession}</Tag>
                    </span>
                  )}
                </div>
                <p className="soft fine">
                  {words.since} {momentText(language, createdAt)}
                </p>
                {id !== login.session.id && (
                  <ActionForm
                    action={endSession}
                    button={words.endSession}
                    quiet
                    inline
                    label={`${words.endSession}: ${momentText(language, createdAt)}`}
                  >
                    <input type="hidden" name="id" value={id} />
                  </ActionForm>
                )}
              </li>
            ))}
          </ul>
        </Card>
      </>
    )
  },
)
