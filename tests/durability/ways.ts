import type { Wardkeep } from "@wardkeep/postgres"

/** One reading: whom it asks for, and a text that no reading before it had, or the one that all have. */
export interface Reading {
  readonly patient: string
  readonly text: (columns: string, rest: string) => string
}

/** Called the moment the caller has a row, with the person it is of. */
export type Show = (person: string) => void

type Way = (wk: Wardkeep, reading: Reading, show: Show) => Promise<void>

interface Shown {
  readonly id: string
}

const one = ({ text }: Reading): string => text("id, full_name", "from patient where id = $1")
const list = ({ text }: Reading): string => text("id, full_name", "from patient order by id")
/** Two rows at a time, so that a stream is in the midst of it most of the time. */
const batch = 2

const showAll = (show: Show, { rows }: { readonly rows: readonly Shown[] }): void => {
  for (const { id } of rows) show(id)
}

/** The ways of which the guide says that a row is handed over once its event is committed. */
const all: Readonly<Record<string, Way>> = {
  statement: async (wk, reading, show) => showAll(show, await wk.query<Shown>(one(reading), [reading.patient])),
  "whole-list": async (wk, reading, show) => showAll(show, await wk.query<Shown>(list(reading))),
  "orm-pool": async (wk, reading, show) => showAll(show, await wk.pool.query<Shown>(one(reading), [reading.patient])),
  transaction: (wk, reading, show) =>
    wk.tx(async (q) => showAll(show, await q.query<Shown>(one(reading), [reading.patient]))),
  "read-only": (wk, reading, show) =>
    wk.tx({ readOnly: true }, async (q) => showAll(show, await q.query<Shown>(one(reading), [reading.patient]))),
  /** Whoever has read and rolled back has read. */
  "rolled-back": async (wk, reading, show) => {
    const undone = new Error("undone")
    const work = wk.tx(async (q) => {
      showAll(show, await q.query<Shown>(one(reading), [reading.patient]))
      throw undone
    })
    await work.catch((error: unknown) => {
      if (error !== undone) throw error
    })
  },
  stream: async (wk, reading, show) => {
    for await (const { id } of wk.stream<Shown>(list(reading), [], { batch })) show(id)
  },
  cursor: (wk, reading, show) =>
    wk.tx(async (q) => {
      for await (const { id } of q.stream<Shown>(list(reading), [], { batch })) show(id)
    }),
  /** The person is asked for by the visit's key. */
  fetched: async (wk, reading, show) => {
    const text = reading.text("v.id, v.reason", "from visit v where v.patient_id = $1")
    for (const _ of (await wk.query(text, [reading.patient])).rows) show(reading.patient)
  },
  /** A write that shows rows commits after its view. */
  returning: async (wk, reading, show) =>
    showAll(
      show,
      await wk.query<Shown>("update patient set phone = phone where id = $1 returning id", [reading.patient]),
    ),
}

export const wayNames: readonly string[] = Object.keys(all)

export function wayOf(name: string): Way {
  const way = all[name]
  if (way === undefined) throw new Error(`nobody reads in the way ${name}`)
  return way
}
