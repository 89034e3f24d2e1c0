import { AsyncResource } from "node:async_hooks"
import { EventEmitter } from "node:events"
import { WardkeepError } from "@wardkeep/core"
import pg from "pg"
import type { Context } from "../context/context.js"
import type { ContextStore } from "../context/store.js"
import { Channel } from "./channel.js"
import type { Reading } from "./own-unit.js"
import type { Runtime } from "./runtime.js"
import type { Control } from "./statement-kind.js"
import type { Text } from "./statements.js"
import type { TypeParsers } from "./wire/row-shape.js"
import type { Result } from "./wire/unit.js"

/** A query as ORMs hand it to `pg`. A name they give is not used: ours says text and role. */
export interface OrmQuery {
  readonly text: string
  readonly values?: readonly unknown[]
  readonly rowMode?: string
  readonly types?: TypeParsers
}

export type Callback = (error: unknown, result?: unknown) => void

/** The arguments of `pg`'s `query` in all their forms. */
export interface OrmCall {
  readonly text: string
  readonly values: readonly unknown[]
  readonly reading: Reading
  readonly callback: Callback | undefined
}

/** @throws WK108 an object that writes to the connection itself, such as a cursor · WK009 no text */
export function readCall(query: unknown, ...rest: readonly unknown[]): OrmCall {
  const given = rest.find((arg) => typeof arg === "function") as Callback | undefined
  const callback = given === undefined ? undefined : AsyncResource.bind(given)
  const values = rest.find((arg): arg is readonly unknown[] => Array.isArray(arg))
  if (typeof query === "string") return { text: query, values: values ?? [], reading: {}, callback }
  if (typeof query !== "object" || query === null)
    throw new WardkeepError("WK009", { message: "a query is a text or an object with a text" })
  if ("submit" in query)
    throw new WardkeepError("WK108", { message: "an object that speaks to the connection itself is refused" })
  const { text, values: own, rowMode, types } = query as OrmQuery
  if (typeof text !== "string") throw new WardkeepError("WK009", { message: "a query object has a text" })
  const reading: Reading = { ...(rowMode === "array" && { rowMode }), ...(types !== undefined && { types }) }
  return { text, values: own ?? values ?? [], reading, callback }
}

/** A promise for those who await, a callback for those who cannot; the callback keeps its caller's context. */
export function answer<T>(promise: Promise<T>, callback: Callback | undefined): Promise<T> | undefined {
  if (callback === undefined) return promise
  promise.then(
    (result) => process.nextTick(callback, null, result),
    (error: unknown) => process.nextTick(callback, error),
  )
  return undefined
}

/**
 * What an ORM takes for a checked-out `pg` client. It holds no session of its own: single statements run as units, and
 * after BEGIN there is one explicit transaction until COMMIT, ROLLBACK or release.
 */
export class OrmClient extends EventEmitter {
  readonly #runtime: Runtime
  readonly #store: ContextStore
  readonly #context: Context
  #channel: Channel | undefined
  #timer: NodeJS.Timeout | undefined
  #released = false

  constructor(runtime: Runtime, store: ContextStore, context: Context) {
    super()
    this.#runtime = runtime
    this.#store = store
    this.#context = context
  }

  readonly escapeIdentifier = pg.escapeIdentifier
  readonly escapeLiteral = pg.escapeLiteral
  readonly getTypeParser: typeof pg.types.getTypeParser = pg.types.getTypeParser

  query(query: unknown, ...rest: readonly unknown[]): Promise<Result<never>> | undefined {
    let callback: Callback | undefined
    try {
      const call = readCall(query, ...rest)
      callback = call.callback
      return answer(this.#run(call), callback)
    } catch (error) {
      return answer(Promise.reject<Result<never>>(error), callback)
    }
  }

  /** Harmless when called twice. A transaction left open is rolled back. */
  readonly release = (): void => {
    if (this.#released) return
    this.#released = true
    void this.#leave()?.rollback()
  }

  #run({ text, values, reading }: OrmCall): Promise<Result<never>> {
    this.#requireUsable()
    const read = this.#runtime.statements.read(text)
    if (read.kind.kind !== "query") return this.#control(read.kind)
    return this.#query(read, values, reading)
  }

  #query(read: Text, values: readonly unknown[], reading: Reading): Promise<Result<never>> {
    if (this.#channel !== undefined) return this.#channel.query<never>(read, values, reading)
    return this.#runtime.run<never>(this.#context, read, values, reading)
  }

  async #control(control: Control): Promise<Result<never>> {
    switch (control.kind) {
      case "begin":
        // As in PostgreSQL, a BEGIN inside a transaction changes nothing.
        if (this.#channel === undefined) this.#begin(control.modes)
        return tag("BEGIN")
      case "set":
        this.#channel?.addModes(control.modes)
        return tag("SET")
      case "commit":
        await this.#leave()?.commit()
        return tag("COMMIT")
      case "rollback":
        await this.#leave()?.rollback()
        return tag("ROLLBACK")
      default: {
        if (this.#channel === undefined)
          throw new WardkeepError("WK108", { message: `${control.kind.toUpperCase()} outside a transaction` })
        const how = { savepoint: "savepoint", release: "release savepoint", "rollback to": "rollback to savepoint" }[
          control.kind
        ]
        return await this.#channel.control(`${how} ${control.name}`)
      }
    }
  }

  #begin(modes: readonly string[]): void {
    const channel = new Channel({ runtime: this.#runtime, context: this.#context, modes })
    this.#channel = channel
    this.#timer = setTimeout(
      () => channel.abort(new WardkeepError("WK111", { message: "the transaction took longer than maxTransaction" })),
      this.#runtime.settings.maxTransaction,
    )
  }

  #leave(): Channel | undefined {
    const channel = this.#channel
    this.#channel = undefined
    clearTimeout(this.#timer)
    return channel
  }

  #requireUsable(): void {
    if (this.#released) throw new WardkeepError("WK103", { message: "the client was released" })
    const frame = this.#store.get()
    if (frame === undefined) return
    if (frame.transaction !== undefined)
      throw new WardkeepError("WK103", { message: "a client of the pool was used inside wk.tx" })
    const same =
      frame.context === undefined ? frame.session.id === this.#context.sessionId : frame.context === this.#context
    if (!same) throw new WardkeepError("WK103", { message: "a client taken in one context was used in another" })
  }
}

function tag(command: string): Result<never> {
  return { command, rowCount: null, oid: 0, fields: [], rows: [] }
}
