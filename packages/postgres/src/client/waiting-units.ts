import type { Ask } from "./observe.js"
import type { Statement } from "./wire/statement.js"
import type { Unit } from "./wire/unit.js"

/** What a unit asks of its session: run a statement, bring the next rows of a portal, or close it. */
export type How = "send" | "fetch" | "close"

type Submit = (unit: Unit, how: How) => void

/** Units of one transaction that wait for its session, or behind one whose text is still to be learned: in this order they are sent. */
export class WaitingUnits {
  #units: { readonly unit: Unit; readonly how: How }[] = []

  /** Whether a unit has to wait although there is a session. */
  holds(unit: Unit): boolean {
    return unit.learning || this.#units.length > 0
  }

  push(unit: Unit, how: How): void {
    this.#units.push({ unit, how })
  }

  /** Sends those whose turn it is. */
  flush(submit: Submit): void {
    for (;;) {
      const [next] = this.#units
      if (next === undefined || next.unit.learning) return
      this.#units.shift()
      submit(next.unit, next.how)
    }
  }

  /** Hands all of them over, whatever they wait for: there is no session for them any more. */
  empty(submit: Submit): void {
    for (const { unit, how } of this.#units.splice(0)) submit(unit, how)
  }
}

/** Gives a unit the text that its watch wants sent: now, or once the watch has learned it; until then what follows waits. */
export function settleText(unit: Unit, ask: Ask, statementOf: (text: string) => Statement, settled: () => void): void {
  const { watch } = unit
  const widen = (): void => {
    const wide = watch?.widened?.()
    if (wide === undefined) return
    unit.more = wide.more
    unit.statement = statementOf(wide.text)
  }
  const learning = watch?.learn?.(ask)
  if (learning === undefined) {
    widen()
    return
  }
  unit.learning = true
  const learned = (): void => {
    unit.learning = false
    widen()
    settled()
  }
  learning.then(learned, learned)
}
