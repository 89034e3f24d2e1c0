import { FrameWriter } from "./frames.js"
import { PreparedNames } from "./prepared-names.js"
import type { Step } from "./statement.js"
import type { Unit } from "./unit.js"

/** One for all connections: what is written is taken before anybody else writes. */
const writer = new FrameWriter()
const noName = Buffer.alloc(0)

/** Turns units into bytes for one session, and knows which statements the session has by name. */
export class UnitWriter {
  readonly names: PreparedNames

  constructor(capacity: number) {
    this.names = new PreparedNames(capacity)
  }

  /** `steps`, the unit's statement and a Sync. Throws what is too large for a message; the names are in doubt then. */
  unit(unit: Unit, steps: readonly Step[]): Buffer {
    unit.skip = steps.length
    if (steps.length === 0) unit.progress = "main"
    try {
      this.names.closeForgotten(writer)
      for (const step of steps) this.#step(unit, step)
      this.#main(unit)
    } catch (error) {
      writer.reset()
      this.names.forgetUnparsed(unit)
      throw error
    }
    writer.sync()
    return writer.take()
  }

  /** The next rows of an open portal. */
  fetch(unit: Unit): Buffer {
    unit.progress = "main"
    writer.executePortal(unit.portal, unit.limit)
    writer.sync()
    return writer.take()
  }

  /** No more rows of a portal are wanted. */
  closePortal(unit: Unit): Buffer {
    unit.progress = "main"
    writer.closePortal(unit.portal)
    writer.sync()
    return writer.take()
  }

  #step(unit: Unit, step: Step): void {
    const { statement } = step
    const prepared = this.names.prepare(writer, unit, statement)
    if (prepared === undefined) {
      writer.bind("", noName, step.values)
      writer.execute()
      return
    }
    if (step.frames === undefined) {
      const own = new FrameWriter()
      own.bind("", statement.nameBytes, step.values)
      own.execute()
      step.frames = own.take()
    }
    writer.raw(step.frames)
  }

  #main(unit: Unit): void {
    const { statement } = unit
    const prepared = this.names.prepare(writer, unit, statement)
    unit.prepared = prepared
    writer.bind(unit.portal, prepared === undefined ? noName : statement.nameBytes, unit.values)
    const shape = prepared?.shape
    if (shape === undefined || (shape !== null && unit.types !== undefined)) {
      if (unit.portal === "") writer.describe()
      else writer.describeNamed(unit.portal)
    } else if (shape !== null) unit.shape = shape
    if (unit.portal === "" && unit.limit === 0) writer.execute()
    else writer.executePortal(unit.portal, unit.limit)
  }
}
