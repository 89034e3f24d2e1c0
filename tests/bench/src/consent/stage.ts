import type { Session, Wardkeep } from "@wardkeep/postgres"
import type { Placement } from "../machine.ts"
import type { Ledger } from "./prepare.ts"

export interface ConsentStage {
  /** People who all said yes to outreach. */
  readonly ledger: Ledger
  /** The same people where no ledger is. */
  readonly bare: Ledger
  readonly few: Ledger
  readonly many: Ledger
  readonly people: number
  readonly fewPeople: number
  readonly manyPeople: number
  readonly placement: Placement
  readonly quick: boolean
  readonly report: (text: string) => void
}

/** Closes what `work` opened, also when it fails. */
export async function opening<T>(work: (open: (ledger: Ledger) => Wardkeep) => Promise<T>): Promise<T> {
  const opened: Wardkeep[] = []
  try {
    return await work((ledger) => {
      const wk = ledger.open()
      opened.push(wk)
      return wk
    })
  } finally {
    await Promise.all(opened.map((wk) => wk.close()))
  }
}

export type Ask = (wk: Wardkeep, session: Session) => () => Promise<void>
