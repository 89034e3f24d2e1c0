"use server"

import { cookies } from "next/headers"
import { redirect } from "next/navigation"
import type { Words } from "@/words"
import { browserName, callerAddress } from "./caller"
import { clinicErrorIn } from "./clinic-error"
import { cookieName, currentWords, setLogin } from "./cookies"
import { enter } from "./enter"
import { parts } from "./parts"
import { ownPath } from "./posted"

/** Where somebody stands between the two factors. */
export interface SignInState {
  readonly ticket?: string
  readonly email?: string
  readonly error?: string
}

function said(words: Words, error: unknown): string {
  const refused = clinicErrorIn(error)
  if (refused === undefined) throw error
  if (refused.status === 429) return words.tooOften
  return refused.code === "no_valid_assignment" ? words.notAssigned : words.wrongSignIn
}

const text = (form: FormData, name: string): string => String(form.get(name) ?? "").slice(0, 200)

/** The first factor gives a ticket for the second; the second opens the session. */
export async function signInStep(before: SignInState, form: FormData): Promise<SignInState> {
  const words = await currentWords()
  const ticket = text(form, "ticket")
  if (ticket === "") {
    const email = text(form, "email").trim()
    try {
      const address = await callerAddress()
      return { email, ticket: (await parts.signIn.password(email, text(form, "password"), address)).ticket }
    } catch (error) {
      return { email, error: said(words, error) }
    }
  }
  try {
    const opened = await parts.signIn.code(ticket, text(form, "code").trim(), await browserName())
    if (!(await enter(opened))) return { error: words.staffOnly }
  } catch (error) {
    return { ...before, error: said(words, error) }
  }
  redirect("/")
}

/** A newer second factor for what asks for one: another session with the same end. */
export async function secondFactor(_before: SignInState, form: FormData): Promise<SignInState> {
  const words = await currentWords()
  const old = parts.logins.open((await cookies()).get(cookieName)?.value)
  if (old === undefined) redirect("/sign-in?over=1")
  try {
    const opened = await parts.signIn.again(old, text(form, "code").trim(), await browserName())
    await setLogin(parts.logins.add(opened, old.branch))
    parts.logins.forget(old.session.id)
    await parts.issuer.endSession(old.session.id, "second factor given again")
  } catch (error) {
    return { error: said(words, error) }
  }
  redirect(ownPath(text(form, "back")) ?? "/invoices")
}
