import { notFound } from "next/navigation"
import { register } from "@/clinic/actions/patients"
import { screen } from "@/clinic/screen"
import { ActionForm } from "@/ui/action-form"
import { Card } from "@/ui/parts"
import { PersonFields } from "@/ui/person-fields"

export default screen(
  { place: "patients", path: () => "/patients/new", title: (words) => words.newPatient },
  async ({ words, may }) => {
    if (!may.does("create", "patient")) notFound()
    return (
      <Card id="new">
        <ActionForm action={register} button={words.register}>
          <PersonFields
            words={words}
            shows={() => true}
            only={["full_name", "phone", "dob", "sex", "abha", "address"]}
          />
        </ActionForm>
      </Card>
    )
  },
)
