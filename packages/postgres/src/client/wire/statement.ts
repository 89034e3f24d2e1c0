import { type WireValue, wireValues } from "./values.js"

/** One text under one role, with the name it is prepared under on every connection; an empty name is never kept. */
export class Statement {
  readonly name: string
  readonly nameBytes: Buffer

  constructor(
    readonly text: string,
    name: string,
    /** Runs on a connection that is destroyed afterwards: it may change the session in ways nobody reports. */
    readonly suspect = false,
    /** Characters put before the caller's text, to correct error positions. */
    readonly shift = 0,
  ) {
    this.name = name
    this.nameBytes = Buffer.from(name)
  }
}

/** A statement of ours with its values, sent before the caller's; its Bind and Execute are written once. */
export interface Step {
  readonly statement: Statement
  readonly values: readonly WireValue[]
  frames: Buffer | undefined
}

export function step(statement: Statement, values: readonly unknown[] = []): Step {
  return { statement, values: wireValues(values), frames: undefined }
}
