import { clinic, list } from "../clinic"

/** Not wrapped, and so rendered where nobody's context is in force. */
async function Inner() {
  return (await list()).map(({ full_name }) => <p key={full_name}>{full_name}</p>)
}

export default clinic.component(async () => {
  await list()
  return <Inner />
})
