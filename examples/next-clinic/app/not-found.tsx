import { currentWords } from "@/clinic/cookies"
import { Go } from "@/ui/parts"

/** The same whether a record does not exist or belongs to somebody else. */
export default async function NotFound() {
  const words = await currentWords()
  return (
    <main id="main" className="alone">
      <h1>{words.notFound}</h1>
      <p className="soft">{words.notFoundHint}</p>
      <p>
        <Go to="/">{words.home}</Go>
      </p>
    </main>
  )
}
