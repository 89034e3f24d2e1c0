import type { Context } from "../context/context.js"
import type { Deadline, Limits } from "./deadline.js"
import type { Watch } from "./observe.js"
import type { Text } from "./statements.js"
import type { RowMode, TypeParsers } from "./wire/row-shape.js"
import type { Statement } from "./wire/statement.js"
import { Unit } from "./wire/unit.js"
import type { WireValue } from "./wire/values.js"

export interface Reading extends Limits {
  readonly rowMode?: RowMode
  readonly types?: TypeParsers | undefined
  /** See `QueryOptions`. */
  readonly reads?: readonly string[] | undefined
}

/** Who follows a unit, and where it is sent. */
export interface Sending {
  readonly watch?: Watch
  /** See `Widened`. */
  readonly more?: number
  /** On a session beside those that callers hold. */
  readonly aside?: boolean
}

/** A unit that is a transaction of its own, with what it takes to send it again. */
export class OwnUnit extends Unit {
  readonly aside: boolean
  readonly reads: Reading["reads"]

  constructor(
    statement: Statement,
    values: readonly WireValue[],
    reading: Reading | undefined,
    readonly context: Context,
    readonly text: Text,
    readonly deadline: Deadline | undefined,
    readonly shared: boolean,
    { watch, more = 0, aside = false }: Sending,
  ) {
    super(statement, values, reading?.rowMode, reading?.types)
    this.watch = watch
    this.more = more
    this.aside = aside
    this.reads = reading?.reads
  }
}
