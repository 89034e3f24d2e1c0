import type { FrameWriter } from "./frames.js"
import type { RowShape } from "./row-shape.js"
import type { Statement } from "./statement.js"
import type { Unit } from "./unit.js"

/** A statement name on one session. */
export interface Prepared {
  readonly statement: Statement
  /** The server has confirmed it. */
  parsed: boolean
  /** undefined until the server has described it; null when it returns no rows. */
  shape: RowShape | null | undefined
  used: boolean
}

const noName = Buffer.alloc(0)

/** Which statements one session knows by name. At capacity a name that was not used lately is closed. */
export class PreparedNames {
  readonly #capacity: number
  readonly #known = new Map<string, Prepared>()
  #toClose: Statement[] = []

  constructor(capacity: number) {
    this.#capacity = capacity
  }

  /** Writes Parse where the server does not know the statement; undefined when it must be used without its name. */
  prepare(writer: FrameWriter, unit: Unit, statement: Statement): Prepared | undefined {
    if (statement.name === "") {
      parseUnnamed(writer, unit, statement)
      return undefined
    }
    const known = this.#known.get(statement.name)
    if (known !== undefined) {
      if (known.parsed) {
        known.used = true
        return known
      }
      // Its Parse is under way and may still be skipped with the unit it belongs to.
      parseUnnamed(writer, unit, statement)
      return undefined
    }
    this.#makeRoom(writer)
    const prepared: Prepared = { statement, parsed: false, shape: undefined, used: true }
    this.#known.set(statement.name, prepared)
    writer.parse(statement.nameBytes, statement.text)
    unit.parsing ??= []
    unit.parsing.push(prepared)
    return prepared
  }

  /** The next use prepares it anew. */
  forget(statement: Statement): void {
    if (this.#known.delete(statement.name)) this.#toClose.push(statement)
  }

  closeForgotten(writer: FrameWriter): void {
    if (this.#toClose.length === 0) return
    for (const statement of this.#toClose)
      if (!this.#known.has(statement.name)) writer.closeStatement(statement.nameBytes)
    this.#toClose = []
  }

  /** A name counts only after its ParseComplete; what a failed unit left unconfirmed is forgotten. */
  forgetUnparsed(unit: Unit): void {
    if (unit.parsing === undefined || unit.parsing.length === 0) return
    for (const prepared of unit.parsing) if (prepared !== null) this.#known.delete(prepared.statement.name)
  }

  #makeRoom(writer: FrameWriter): void {
    if (this.#known.size < this.#capacity) return
    let looks = this.#known.size * 2
    for (const [name, prepared] of this.#known) {
      if (looks-- === 0) return
      if (prepared.used || !prepared.parsed) {
        prepared.used = false
        this.#known.delete(name)
        this.#known.set(name, prepared)
        continue
      }
      this.#known.delete(name)
      writer.closeStatement(prepared.statement.nameBytes)
      return
    }
  }
}

function parseUnnamed(writer: FrameWriter, unit: Unit, statement: Statement): void {
  writer.parse(noName, statement.text)
  unit.parsing ??= []
  unit.parsing.push(null)
}
