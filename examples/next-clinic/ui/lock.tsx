"use client"

import { type SyntheticEvent, useCallback, useEffect, useRef, useState } from "react"
import { type Act, ActionForm } from "./action-form"
import { onSessionOver } from "./events"
import { Field } from "./field"
import { watchSession } from "./watch-session"

interface Props {
  readonly idleSeconds: number
  readonly email: string
  /** What the page below is narrowed to. */
  readonly branch: string
  readonly unlock: Act
  readonly words: Readonly<
    Record<"lockTitle" | "lockText" | "unlock" | "password" | "code" | "codeHint" | "signOutInstead", string>
  >
}

/**
 * Covers the page when nobody used it for a while, and when its session was ended elsewhere. The page below stays as it is, with
 * what was typed, and opens for the same account only. It asks again when it comes back from the browser's memory.
 */
export function Lock({ idleSeconds, email, branch, unlock, words }: Props) {
  const dialog = useRef<HTMLDialogElement>(null)
  const [locked, setLocked] = useState(false)
  const lock = useCallback(() => setLocked(true), [])

  useEffect(() => {
    document.documentElement.toggleAttribute("data-locked", locked)
    if (locked) dialog.current?.showModal()
    else dialog.current?.close()
    return () => void document.documentElement.removeAttribute("data-locked")
  }, [locked])

  useEffect(() => onSessionOver(lock), [lock])
  useEffect(() => (locked ? undefined : watchSession(idleSeconds, lock)), [locked, idleSeconds, lock])

  const open: Act = async (before, form) => {
    const answer = await unlock(before, form)
    if (answer.done !== undefined) setLocked(false)
    return answer
  }
  const stay = (event: SyntheticEvent): void => event.preventDefault()
  return (
    <dialog
      ref={dialog}
      className="lock"
      aria-labelledby="lock-title"
      // A second Escape closes a dialog without asking; `onClose` opens it again where a browser does not know this.
      closedby="none"
      onCancel={stay}
      onClose={() => locked && dialog.current?.showModal()}
    >
      <h2 id="lock-title">{words.lockTitle}</h2>
      <p>{words.lockText}</p>
      <p className="soft">{email}</p>
      {locked && (
        <ActionForm action={open} button={words.unlock}>
          <input type="hidden" name="email" value={email} />
          <input type="hidden" name="branch" value={branch} />
          <Field
            name="password"
            label={words.password}
            type="password"
            complete="current-password"
            id="lock-password"
          />
          <Field
            name="code"
            label={words.code}
            hint={words.codeHint}
            complete="one-time-code"
            mode="numeric"
            id="lock-code"
          />
        </ActionForm>
      )}
      <form method="post" action="/sign-out">
        <button type="submit" className="plain">
          {words.signOutInstead}
        </button>
      </form>
    </dialog>
  )
}
