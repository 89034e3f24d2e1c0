import { clinic, wk } from "../clinic"
import { add, addAndGo, rename } from "./actions"

/** What a form takes: the answers of these actions are read by the test, not by the page. */
type Action = (form: FormData) => Promise<void>

export default clinic.component(async () => {
  const { rows } = await wk.query<{ id: string }>("select id from patient order by id limit 1")
  const id = rows[0]?.id ?? ""
  const forms = { add, rename: rename.bind(null, id), go: addAndGo }
  return Object.entries(forms).map(([name, action]) => (
    <form key={name} id={name} action={action as unknown as Action}>
      <input name="full_name" />
      <button type="submit">{id}</button>
    </form>
  ))
})
