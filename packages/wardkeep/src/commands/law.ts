import { type Asker, askers, type Dated, dayInIndia, lawOn, loadLaw, nextChange } from "@wardkeep/consent"
import { WardkeepError } from "@wardkeep/core"

export interface LawOptions {
  /** `YYYY-MM-DD`; default the day in India at `now`. */
  readonly on?: string
  /** Who asks; default `clinic`. */
  readonly as?: string
  readonly now?: Date
}

export interface LawAnswer {
  readonly on: string
  readonly as: Asker
  /** The day on which the data was read; what changed later is not in it. */
  readonly readOn: string
  readonly say: string
  readonly instruments: Readonly<Record<string, string>>
  readonly obligations: readonly Dated[]
  /** The next day on which something begins or ends to bind. */
  readonly nextChange: string | null
}

/**
 * What binds somebody on a day.
 *
 * @throws WK009 `on` is not a day, or `as` is nobody the law data knows
 * @example law({ on: "2026-11-22" }).obligations.filter(({ tense }) => tense === "in_force")
 */
export function law({ on, as = "clinic", now = new Date() }: LawOptions): LawAnswer {
  const data = loadLaw()
  const when = on ?? dayInIndia(now)
  if (!isAsker(as))
    throw new WardkeepError("WK009", {
      message: "the law data does not know who that is",
      hint: `Write one of ${Object.keys(askers).join(", ")}.`,
    })
  const obligations = lawOn(data, { on: when, as })
  const { readOn, say, instruments } = data
  return { on: when, as, readOn, say, instruments, obligations, nextChange: nextChange(obligations, when) }
}

function isAsker(name: string): name is Asker {
  return Object.hasOwn(askers, name)
}
