"use client"

import { useActionState } from "react"
import type { SignInState } from "@/clinic/sign-in"
import { Field } from "./field"

interface Props {
  readonly step: (before: SignInState, form: FormData) => Promise<SignInState>
  readonly only?: "code"
  /** Where to go on afterwards. */
  readonly back?: string
  readonly words: Readonly<Record<"email" | "password" | "code" | "codeHint" | "next" | "signIn", string>>
}

/** Both factors, one after the other; works without scripts, too. */
export function SignInForm({ step, only, back, words }: Props) {
  const [state, send, pending] = useActionState(step, {})
  const isSecond = only === "code" || state.ticket !== undefined
  return (
    <form action={send} className="stack">
      {state.error !== undefined && (
        <p role="alert" className="notice bad">
          {state.error}
        </p>
      )}
      {isSecond ? (
        <>
          <input type="hidden" name="ticket" value={state.ticket ?? ""} />
          {back !== undefined && <input type="hidden" name="back" value={back} />}
          {state.email !== undefined && <p className="soft">{state.email}</p>}
          <Field
            key="code"
            name="code"
            label={words.code}
            hint={words.codeHint}
            complete="one-time-code"
            mode="numeric"
            max={6}
          />
        </>
      ) : (
        <>
          <Field name="email" label={words.email} type="email" complete="username" value={state.email ?? ""} />
          <Field name="password" label={words.password} type="password" complete="current-password" />
        </>
      )}
      <div className="actions">
        <button type="submit" disabled={pending}>
          {isSecond ? words.signIn : words.next}
        </button>
      </div>
    </form>
  )
}
