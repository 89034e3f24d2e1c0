import type { Ask, ObservedCall, Watch, Widened } from "@wardkeep/postgres/client"
import type pg from "pg"
import { type Analysis, ofNobodyKnown, type TableView } from "./analysis.js"
import type { CatalogMap } from "./catalog-map.js"
import { fetchSubjects } from "./fetch.js"
import { unrecorded } from "./unrecorded.js"
import type { ViewedTable } from "./viewed.js"
import { personsOfAggregate, type Wide } from "./widened.js"

type Fields = readonly pg.FieldDef[]
type Values = readonly (string | null)[]

/** A text to send instead, and the origins that the result must have. */
export interface OwnText {
  readonly text: string
  readonly origins: string
}

export interface Seen {
  readonly view: TableView
  readonly subjects: readonly string[]
  /** Each row shown is of one of the subjects. */
  readonly complete: boolean
}

/** What an execution asks of the recorder that follows it. Keys are of a text under a role. */
export interface Recording {
  readonly tables: ReadonlyMap<string, ViewedTable>
  mapOf(call: ObservedCall, ask: Ask): Promise<CatalogMap>
  originsOf(fields: Fields): readonly string[]
  analysis(call: ObservedCall, fields: Fields, ask: Ask): Promise<Analysis>
  positionsOf(call: ObservedCall, fields: Fields): readonly number[]
  learn(call: ObservedCall, key: string, ask: Ask): Promise<void> | undefined
  wide(key: string): Wide | undefined
  ownText(key: string): OwnText | undefined
  leaves(key: string): "rows" | "unknown" | undefined
  expectsNothing(key: string): boolean
  forget(key: string): void
  record(call: ObservedCall, seen: readonly Seen[], rows: number, ask: Ask): Promise<void>
}

/** Collects, while rows arrive, what says whose they are. */
export class Execution implements Watch {
  readonly #recorder: Recording
  readonly #call: ObservedCall
  readonly #key: string
  #rows = 0
  /** Values by position in the result: those that any analysis could ask for. */
  #values: Map<number, Set<string>> = new Map()
  #positions: readonly number[] | undefined
  /** Positions that were empty in some row. */
  #empty = new Set<number>()
  /** Set where the statement records its view itself. */
  #own: OwnText | undefined
  /** Set where the statement was sent with columns of the recorder's own. */
  #wide: Wide | undefined

  constructor(recorder: Recording, call: ObservedCall, key: string) {
    this.#recorder = recorder
    this.#call = call
    this.#key = key
  }

  learn(ask: Ask): Promise<void> | undefined {
    return this.#recorder.learn(this.#call, this.#key, ask)
  }

  selfRecording(): string | undefined {
    this.#own = this.#recorder.ownText(this.#key)
    return this.#own?.text
  }

  widened(): Widened | undefined {
    this.#wide = this.#recorder.wide(this.#key)
    return this.#wide
  }

  unsuited(error: unknown): void {
    const code = typeof error === "object" && error !== null && "code" in error ? String(error.code) : ""
    if (/^(?:42|0A)/.test(code)) this.#recorder.forget(this.#key)
  }

  leaves(): "rows" | "unknown" | undefined {
    return this.#recorder.leaves(this.#key)
  }

  expectsNothing(): boolean {
    return this.#recorder.expectsNothing(this.#key)
  }

  again(): Watch {
    return new Execution(this.#recorder, this.#call, this.#key)
  }

  row(fields: Fields, values: Values): void {
    this.#rows++
    this.#positions ??= this.#asked(fields)
    for (const at of this.#positions) {
      const value = values[at]
      if (value === null || value === undefined) {
        this.#empty.add(at)
        continue
      }
      const kept = this.#values.get(at)
      if (kept === undefined) this.#values.set(at, new Set([value]))
      else kept.add(value)
    }
  }

  restart(): void {
    this.#rows = 0
    this.#values = new Map()
    this.#empty = new Set()
    this.#positions = undefined
  }

  async release(fields: Fields, ask: Ask): Promise<void> {
    if (this.#isRecorded(fields)) return
    let seen: Seen[]
    try {
      const found = this.#wide ?? (await this.#recorder.analysis(this.#call, fields, ask))
      if (this.#rows === 0 && !found.carried && !found.hidden) return
      const views = this.#rows === 0 ? found.views.map(ofNobodyKnown) : found.views
      seen = await Promise.all(views.map((view) => this.#seen(view, ask)))
    } catch (cause) {
      throw unrecorded(cause)
    }
    await this.#recorder.record(this.#call, seen, this.#rows, ask)
  }

  #asked(fields: Fields): readonly number[] {
    const wide = this.#wide
    if (wide === undefined) return this.#isRecorded(fields) ? [] : this.#recorder.positionsOf(this.#call, fields)
    const expected = this.#recorder.originsOf(wide.fields).join()
    if (this.#recorder.originsOf(fields).join() === expected)
      return wide.views.flatMap(({ subjects, key, listed }) => [...subjects, key ?? [], listed ?? []].flat())
    // Tables changed since. What the caller is given is looked at as it is, and the text anew.
    this.#wide = undefined
    this.#recorder.forget(this.#key)
    return this.#recorder.positionsOf(this.#call, fields.slice(0, fields.length - wide.more))
  }

  /** What it recorded rests on origins that the result still has; otherwise tables changed, and it is looked at anew. */
  #isRecorded(fields: Fields): boolean {
    return this.#own !== undefined && this.#own.origins === this.#recorder.originsOf(fields).join()
  }

  async #seen(view: TableView, ask: Ask): Promise<Seen> {
    if (view.listed !== undefined) return this.#listed(view, view.listed)
    const subjects = new Set(view.subjects.flatMap((at) => [...(this.#values.get(at) ?? [])]))
    // Another session would find the row as it was, or another branch's with the same key.
    if (view.source === "fetched" && this.#call.uncommitted) return { view, subjects: [], complete: false }
    if (view.source === "fetched" && view.key !== undefined) {
      const keys = [...(this.#values.get(view.key) ?? [])]
      const fetched = await fetchSubjects(view.relation, keys, this.#recorder, this.#call, ask)
      for (const subject of fetched?.subjects ?? []) subjects.add(subject)
      return { view, subjects: [...subjects].sort(), complete: fetched?.complete === true }
    }
    const isRead = view.subjects.every((at) => this.#positions?.includes(at))
    const isWhole = isRead && (!view.nullable || view.subjects.some((at) => !this.#empty.has(at)))
    return { view, subjects: [...subjects].sort(), complete: view.source === "exact" && isWhole }
  }

  /** Whom the rows that went into the result are about. */
  #listed(view: TableView, at: number): Seen {
    const lists = [...(this.#values.get(at) ?? [])].flatMap((list) => JSON.parse(list) as (string | null)[])
    const subjects = new Set(lists.filter((person) => person !== null))
    if (subjects.size > personsOfAggregate || subjects.size === 0) return { view, subjects: [], complete: false }
    return { view, subjects: [...subjects].sort(), complete: !view.nullable || !lists.includes(null) }
  }
}
