const name = "clinic:over"

/** Tells the lock that the server knows this browser no more. */
export const sessionOver = (): void => void window.dispatchEvent(new Event(name))

export function onSessionOver(listener: () => void): () => void {
  window.addEventListener(name, listener)
  return () => window.removeEventListener(name, listener)
}
