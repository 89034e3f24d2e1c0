import { ClinicError, type OpenLogin } from "@wardkeep/example-express-clinic"
import { refresh } from "next/cache"
import type { Act, Answer } from "@/ui/action-form"
import { nameOf, type Words } from "@/words"
import { codeOf } from "./code-of"
import { clinic, currentLogin } from "./context"
import { currentWords } from "./cookies"

const over: ReadonlySet<string> = new Set(["WK101", "WK102"])

function refusedAs(words: Words, code: string): Answer {
  const known = code in words.errors ? code : "internal"
  return { error: nameOf(words.errors, known), ...(over.has(code) && { over: true }) }
}

type Work = (form: Record<string, string>, login: OpenLogin, words: Words) => Promise<string>

/** Each value of a form as text, at most so long. */
const fieldsOf = (form: FormData): Record<string, string> =>
  Object.fromEntries(
    [...form].flatMap(([name, value]) => (typeof value === "string" ? [[name, value.slice(0, 20_000).trim()]] : [])),
  )

/**
 * A server action for an `ActionForm`, in the caller's context. `work` answers what is said when it succeeds; what is refused is
 * said in words, and the form keeps what was typed.
 */
export function act(work: Work): Act {
  const guarded = clinic.action(async (form: FormData): Promise<Answer> => {
    const [words, login] = [await currentWords(), await currentLogin()]
    if (login === undefined) return refusedAs(words, "WK101")
    try {
      const done = await work(fieldsOf(form), login, words)
      refresh()
      return { done }
    } catch (error) {
      // What Next throws, such as a redirect, is its own.
      if (typeof error === "object" && error !== null && "digest" in error) throw error
      const code = codeOf(error)
      if (code === "internal")
        process.stderr.write(`a server action failed: ${(error as { code?: string }).code ?? "no code"}\n`)
      return refusedAs(words, code)
    }
  })
  return async (_before, form) => {
    const answer = await guarded(form)
    return "refused" in answer ? refusedAs(await currentWords(), answer.refused.code) : answer
  }
}

/** The first row, or the same answer whether it does not exist or belongs to somebody else. */
export function mustHave(rows: readonly unknown[]): void {
  if (rows.length === 0) throw new ClinicError(404, "not_found", "There is no such record here.")
}
