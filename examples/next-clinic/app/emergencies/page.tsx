import { openReviews } from "wardkeep"
import { reviewEmergency } from "@/clinic/actions/privacy"
import { wk } from "@/clinic/context"
import { namesOf } from "@/clinic/names"
import { parts } from "@/clinic/parts"
import { screen } from "@/clinic/screen"
import { ActionForm } from "@/ui/action-form"
import { Field, Select } from "@/ui/field"
import { Card, Empty } from "@/ui/parts"
import { momentText, nameOf } from "@/words"

export default screen(
  { place: "emergencies", path: () => "/emergencies", title: (words) => words.places.emergencies },
  async ({ words, language, branches }) => {
    const waiting = await openReviews(wk)
    const person = await parts.peopleOf(waiting.map(({ declared_by }) => declared_by))
    const names = await namesOf(waiting.map(({ subject }) => subject))
    const place = (id: string): string => branches.find((one) => one.id === id)?.name ?? "–"
    return (
      <>
        <p className="soft">{words.emergenciesIntro}</p>
        {waiting.length === 0 && <Empty>{words.noEmergencies}</Empty>}
        {waiting.map(({ id, branch, subject, reason, explanation, declared_by, declared_at }) => (
          <Card
            key={id}
            id={id}
            title={person(declared_by)}
            aside={<span className="soft">{momentText(language, declared_at)}</span>}
          >
            <p>
              {names(subject)} · {place(branch)} · {nameOf(words.reasons, reason)}
            </p>
            <p>{explanation}</p>
            <ActionForm
              action={reviewEmergency}
              button={words.review}
              label={`${words.review}: ${person(declared_by)}`}
            >
              <input type="hidden" name="id" value={id} />
              <div className="pair">
                <Select
                  name="verdict"
                  id={`verdict-${id}`}
                  label={words.verdict}
                  options={Object.entries(words.verdicts)}
                />
                <Field name="note" id={`note-${id}`} label={words.why} />
              </div>
            </ActionForm>
          </Card>
        ))}
      </>
    )
  },
)
