/** Asks the server about this browser's session: `GET` looks, `POST` keeps it awake, `DELETE` ends it. */
const alive = async (method: "GET" | "POST" | "DELETE"): Promise<boolean> => {
  try {
    return (await fetch("/session", { method, cache: "no-store" })).status !== 401
  } catch {
    // The server is away, which says nothing about the session.
    return true
  }
}

const uses = ["keydown", "pointerdown", "pointermove", "wheel"] as const

/** When this browser was used last, in whichever tab: one that lies open behind another must not end the session of both. */
const shared = "clinic-used-at"

/** Nothing of the page is to be seen while this is set. */
const cover = (isCovered: boolean): void => void document.documentElement.toggleAttribute("data-locked", isCovered)

/**
 * Calls `over` when nobody used the page for so long, when the server says that the session has ended, and before a page from
 * the browser's memory is shown to somebody who may not look at it any more. Returns what stops it.
 */
export function watchSession(idleSeconds: number, over: () => void): () => void {
  // Two clocks: the wall's goes on while the computer sleeps, and the steady one while somebody sets the wall's back.
  let [usedAt, steadyAt, savedAt] = [0, 0, -1000]
  let toldAt = performance.now()
  const save = (): void => {
    ;[usedAt, steadyAt] = [Date.now(), performance.now()]
    if (steadyAt - savedAt < 1000) return
    savedAt = steadyAt
    localStorage.setItem(shared, String(usedAt))
  }
  const heard = ({ key }: StorageEvent): void => {
    if (key === shared) steadyAt = performance.now()
  }
  // A page that was frozen heard nothing; the server, which has a steady clock of its own, is asked next.
  const thaw = (): void => {
    const ago = Math.max(0, Date.now() - Number(localStorage.getItem(shared)))
    steadyAt = Math.max(steadyAt, performance.now() - ago)
  }
  const isIdle = (): boolean => {
    usedAt = Math.max(usedAt, Number(localStorage.getItem(shared)))
    return Math.max(performance.now() - steadyAt, Date.now() - usedAt) > idleSeconds * 1000
  }
  let isOver = false
  const end = async (): Promise<void> => {
    // A hand that moves says so many times.
    if (isOver) return
    isOver = true
    over()
    await alive("DELETE")
  }
  // Timers stand still while the computer sleeps: the hand that wakes it finds the page locked, and does not count as use.
  const use = (): void => {
    if (isIdle()) void end()
    else save()
  }
  // Opening or unlocking a page is use. A tab behind it that does not hear of this would end the new session as idle.
  save()
  const ask = async (): Promise<void> => {
    if (document.hidden) return
    if (isIdle()) await end()
    else if (!(await alive("GET"))) over()
  }
  const shown = async ({ persisted }: PageTransitionEvent): Promise<void> => {
    if (!persisted) return
    cover(true)
    thaw()
    if (isIdle()) await end()
    else if (await alive("GET")) cover(false)
    else over()
  }
  const turn = async (): Promise<void> => {
    const now = performance.now()
    if (isIdle()) await end()
    else if (now - toldAt > idleSeconds * 333) {
      const isUsed = steadyAt > toldAt
      toldAt = now
      if (!(await alive(isUsed ? "POST" : "GET"))) over()
    }
  }
  const timer = setInterval(turn, Math.min(5000, idleSeconds * 200))
  for (const kind of uses) window.addEventListener(kind, use, { passive: true })
  window.addEventListener("storage", heard)
  window.addEventListener("pageshow", shown)
  window.addEventListener("popstate", ask)
  document.addEventListener("resume", thaw)
  document.addEventListener("visibilitychange", ask)
  return () => {
    clearInterval(timer)
    for (const kind of uses) window.removeEventListener(kind, use)
    window.removeEventListener("storage", heard)
    window.removeEventListener("pageshow", shown)
    window.removeEventListener("popstate", ask)
    document.removeEventListener("resume", thaw)
    document.removeEventListener("visibilitychange", ask)
  }
}
