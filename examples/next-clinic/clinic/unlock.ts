"use server"

import type { Answer } from "@/ui/action-form"
import { browserName, callerAddress } from "./caller"
import { clinicErrorIn } from "./clinic-error"
import { currentWords } from "./cookies"
import { enter } from "./enter"
import { parts } from "./parts"

/** Both factors at once, for a page that is locked: nobody is in context here, and nothing is read. The branch is the page's own. */
export async function unlock(_before: Answer, form: FormData): Promise<Answer> {
  const words = await currentWords()
  const [email, password, code, branch] = ["email", "password", "code", "branch"].map((name) =>
    String(form.get(name) ?? "").slice(0, 200),
  )
  try {
    const { ticket } = await parts.signIn.password(email ?? "", password ?? "", await callerAddress())
    const opened = await parts.signIn.code(ticket, (code ?? "").trim(), await browserName())
    return (await enter(opened, branch)) ? { done: words.unlock } : { error: words.staffOnly }
  } catch (error) {
    const refused = clinicErrorIn(error)
    if (refused === undefined) throw error
    return { error: refused.status === 429 ? words.tooOften : words.wrongSignIn }
  }
}
