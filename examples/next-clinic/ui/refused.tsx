import { currentWords } from "@/clinic/cookies"
import { nameOf } from "@/words"
import { Go } from "./parts"

/** In place of a page that was refused: what, and what to do next. */
export async function refusedPage(code: string) {
  const words = await currentWords()
  const next = code === "WK204" ? "/second-factor" : "/"
  return (
    <main id="main" className="alone">
      <h1>{nameOf(words.errors, code in words.errors ? code : "internal")}</h1>
      <p>
        <Go to={next}>{code === "WK204" ? words.secondFactor : words.home}</Go>
      </p>
    </main>
  )
}
