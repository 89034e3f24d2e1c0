import { ways } from "../caches/kept"
import { clinic } from "../clinic"

export default clinic.component(async () => {
  const { rows } = (await ways.cached?.()) ?? { rows: [] }
  return (
    <ul>
      {rows.map(({ full_name }) => (
        <li key={full_name}>{full_name}</li>
      ))}
    </ul>
  )
})
