"use client"

import { type FormEvent, type ReactNode, startTransition, useActionState, useEffect, useRef } from "react"
import { sessionOver } from "./events"

/** What a server action tells its form, in the reader's words. */
export interface Answer {
  readonly done?: string
  readonly error?: string
  /** The session ended meanwhile: the page locks, and what was typed stays. */
  readonly over?: boolean
}

export type Act = (before: Answer, form: FormData) => Promise<Answer>

interface Props {
  readonly action: Act
  readonly button: string
  readonly quiet?: boolean
  /** Beside one another, for a form of a line. */
  readonly inline?: boolean
  /** Which of several alike: the button's name for who does not see where it stands. Begins with what the button says. */
  readonly label?: string
  readonly children?: ReactNode
}

/** A form whose fields stay as they are when it is refused, and are emptied when it was saved. */
export function ActionForm({ action, button, quiet = false, inline = false, label, children }: Props) {
  const [answer, send, pending] = useActionState(action, {})
  const form = useRef<HTMLFormElement>(null)
  useEffect(() => {
    if (answer.done !== undefined) form.current?.reset()
    if (answer.over === true) sessionOver()
  }, [answer])
  const submit = (event: FormEvent<HTMLFormElement>): void => {
    // React empties the form of an action by itself, also after a refusal.
    event.preventDefault()
    const data = new FormData(event.currentTarget)
    startTransition(() => send(data))
  }
  return (
    <form ref={form} action={send} onSubmit={submit} className={inline ? "line" : "stack"}>
      {children}
      <div className="actions">
        <button type="submit" className={quiet ? "quiet" : undefined} disabled={pending} aria-label={label}>
          {button}
        </button>
      </div>
      <p role="status" className={answer.error === undefined ? "said" : "said wrong"}>
        {answer.error ?? answer.done ?? ""}
      </p>
    </form>
  )
}
