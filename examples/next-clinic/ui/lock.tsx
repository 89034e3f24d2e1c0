"use client"

import { type SyntheticEvent, useCallback, useEffect, useRef, useState } from "react"
import { type Act, ActionForm } from "./action-form"
import { onSessionOver } from "./events"
import { Field } from "./field"

interface Props {
  readonly idleSeconds: number
  readonly email: string
  readonly unlock: Act
  readonly words: Readonly<
    Record<"lockTitle" | "lockText" | "unlock" | "password" | "code" | "codeHint" | "signOutInstead", string>
  >
}

const alive = async (method: "GET" | "POST" | "DELETE"): Promise<boolean> => {
  try {
    return (await fetch("/session", { method, cache: "no-store" })).status !== 401
  } catch {
    // The server is away, which says nothing about the session.
    return true
  }
}

/**
 * Covers the page when nobody used it for a while, and when its session was ended elsewhere. The page below stays as it is, with
 * what was typed, and opens for the same account only. It asks again when it comes back from the browser's memory.
 */
export function Lock({ idleSeconds, email, unlock, words }: Props) {
  const dialog = useRef<HTMLDialogElement>(null)
  const [locked, setLocked] = useState(false)
  const used = useRef({ at: 0, told: 0 })
  const lock = useCallback(() => setLocked(true), [])

  useEffect(() => {
    document.documentElement.toggleAttribute("data-locked", locked)
    if (locked) dialog.current?.showModal()
    else dialog.current?.close()
    return () => void document.documentElement.removeAttribute("data-locked")
  }, [locked])

  useEffect(() => onSessionOver(lock), [lock])

  useEffect(() => {
    if (locked) return
    used.current = { at: Date.now(), told: Date.now() }
    const use = (): void => void (used.current.at = Date.now())
    const ask = async (): Promise<void> => {
      if (!document.hidden && !(await alive("GET"))) lock()
    }
    const shown = (event: PageTransitionEvent): void => {
      if (!event.persisted) return
      // From the browser's memory: nothing is shown before the server has answered.
      document.documentElement.toggleAttribute("data-locked", true)
      void alive("GET").then((is) => (is ? document.documentElement.removeAttribute("data-locked") : lock()))
    }
    const turn = async (): Promise<void> => {
      const now = Date.now()
      if (now - used.current.at > idleSeconds * 1000) {
        lock()
        await alive("DELETE")
      } else if (now - used.current.told > idleSeconds * 333) {
        const isUsed = used.current.at > used.current.told
        used.current.told = now
        if (!(await alive(isUsed ? "POST" : "GET"))) lock()
      }
    }
    const timer = setInterval(() => void turn(), Math.min(5000, idleSeconds * 200))
    const kinds = ["keydown", "pointerdown", "pointermove", "wheel"] as const
    for (const kind of kinds) window.addEventListener(kind, use, { passive: true })
    window.addEventListener("pageshow", shown)
    window.addEventListener("popstate", ask)
    document.addEventListener("visibilitychange", ask)
    return () => {
      clearInterval(timer)
      for (const kind of kinds) window.removeEventListener(kind, use)
      window.removeEventListener("pageshow", shown)
      window.removeEventListener("popstate", ask)
      document.removeEventListener("visibilitychange", ask)
    }
  }, [locked, idleSeconds, lock])

  const open: Act = async (before, form) => {
    const answer = await unlock(before, form)
    if (answer.done !== undefined) setLocked(false)
    return answer
  }
  const stay = (event: SyntheticEvent): void => event.preventDefault()
  return (
    <dialog ref={dialog} className="lock" aria-labelledby="lock-title" onCancel={stay} onClose={() => locked && dialog.current?.showModal()}>
      <h2 id="lock-title">{words.lockTitle}</h2>
      <p>{words.lockText}</p>
      <p className="soft">{email}</p>
      {locked && (
        <ActionForm action={open} button={words.unlock}>
          <input type="hidden" name="email" value={email} />
          <Field name="password" label={words.password} type="password" complete="current-password" id="lock-password" />
          <Field name="code" label={words.code} hint={words.codeHint} complete="one-time-code" mode="numeric" id="lock-code" />
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
