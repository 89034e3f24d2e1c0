import type pg from "pg"
import type { Watch } from "../observe.js"
import type { Connection } from "./connection.js"
import type { Prepared } from "./prepared-names.js"
import type { Row, RowMode, RowShape, TypeParsers } from "./row-shape.js"
import type { Statement } from "./statement.js"
import type { WireValue } from "./values.js"

export interface Result<R = Row> {
  readonly command: string
  readonly rowCount: number | null
  readonly oid: number
  readonly fields: pg.FieldDef[]
  readonly rows: R[]
}

/** How far a unit came. `unknown`: the connection broke after it was sent. */
export type Progress = "prologue" | "main" | "complete" | "unknown"

/** Who hears that a unit has ended; called before the caller's promise settles, so that the connection is free by then. */
export interface UnitOwner {
  ended(unit: Unit, connection: Connection, error: unknown): void
}

/** Rows in batches, or the bytes of a COPY: called while the unit runs. */
export interface Sink {
  chunk(bytes: Buffer): void
}

/** Rows of a watched statement, as the server sent them, until their view is recorded. */
const unread = new WeakMap<Result<never>, () => never[]>()

/** Reads rows that were kept as the server sent them. @throws whatever a host's type parser throws */
export function read<R>(result: Result<R>): Result<R> {
  const rows = unread.get(result as Result<never>)
  return rows === undefined ? result : { ...result, rows: rows() }
}

const noFields: pg.FieldDef[] = []

/**
 * One Sync: the prologue's commands, one statement, and what came back. All of it is one implicit transaction unless
 * an explicit one is open, and if the prologue fails the server skips the statement.
 */
export class Unit {
  statement: Statement
  readonly values: readonly WireValue[]
  readonly rowMode: RowMode
  readonly types: TypeParsers | undefined
  owner: UnitOwner | undefined
  /** Where it was sent, while it is there. */
  connection: Connection | undefined
  /** Named portals stay open between the units of one transaction. */
  portal = ""
  /** 0: all rows. */
  limit = 0
  sink: Sink | undefined
  watch: Watch | undefined
  /** Columns at the end of each row that the watch is shown and the caller is not. */
  more = 0
  /** Its text is not settled yet, and what follows it in its transaction waits. */
  learning = false
  /** Commands before the statement whose results nobody wants. */
  skip = 0
  /** Statements the server has still to confirm as parsed, in order. */
  parsing: (Prepared | null)[] | undefined
  prepared: Prepared | undefined
  shape: RowShape | undefined
  rows: unknown[] = []
  tag = ""
  suspended = false
  progress: Progress = "prologue"
  error: unknown
  sentAt = 0
  attempts = 0
  resolve: (result: Result<never>) => void = ignore
  reject: (error: unknown) => void = ignore

  constructor(statement: Statement, values: readonly WireValue[], rowMode?: RowMode, types?: TypeParsers) {
    this.statement = statement
    this.values = values
    this.rowMode = rowMode
    this.types = types
  }

  /** The promise of the result; made once. */
  settled<R>(): Promise<Result<R>> {
    return new Promise<Result<R>>((resolve, reject) => {
      this.resolve = resolve as (result: Result<never>) => void
      this.reject = reject
    })
  }

  /** Forgets what an attempt brought, before the next one. */
  rewind(): void {
    this.attempts++
    this.rows = []
    this.tag = ""
    this.error = undefined
    this.progress = "prologue"
    this.parsing = undefined
    this.prepared = undefined
    this.shape = undefined
    this.suspended = false
    this.watch?.restart()
  }

  row(values: (string | null)[]): void {
    if (this.skip > 0 || this.error !== undefined) return
    const shape = this.shape
    if (shape === undefined) return
    try {
      if (this.watch === undefined) this.rows.push(this.#read(shape, values))
      else {
        this.watch.row(shape.fields, values)
        this.rows.push(values)
      }
    } catch (error) {
      // A host's type parser threw; the rest of the rows is read and dropped.
      this.error = error
    }
  }

  result(): Result<never> {
    const { watch } = this
    const shape = this.more === 0 ? this.shape : this.shape?.without(this.more)
    if (watch === undefined || shape === undefined) return this.#result(this.rows as never[])
    const result = this.#result([], shape)
    const raw = this.rows as (string | null)[][]
    unread.set(result, () => raw.map((values) => this.#read(shape, values) as never))
    return result
  }

  #read(shape: RowShape, values: readonly (string | null)[]): unknown {
    return this.rowMode === "array" ? shape.array(values) : shape.object(values)
  }

  #result(rows: never[], shape = this.shape): Result<never> {
    const fields = shape === undefined ? noFields : shape.fields
    const tag = this.tag
    const space = tag.indexOf(" ")
    if (space < 0) return { command: tag, rowCount: null, oid: 0, fields, rows }
    const count = Number(tag.slice(tag.lastIndexOf(" ") + 1))
    return {
      command: tag.slice(0, space),
      rowCount: Number.isNaN(count) ? null : count,
      oid: 0,
      fields,
      rows,
    }
  }
}

function ignore(): void {
  // Replaced by settled(); a unit without a promise has nobody to tell.
}
