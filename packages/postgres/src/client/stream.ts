import { randomBytes } from "node:crypto"
import { EventEmitter, once } from "node:events"
import { WardkeepError } from "@wardkeep/core"
import type { Channel } from "./channel.js"
import { skipBlank } from "./lexer.js"
import { callOf } from "./observe.js"
import type { Runtime } from "./runtime.js"
import { Statement } from "./wire/statement.js"
import { Unit } from "./wire/unit.js"
import { wireValues } from "./wire/values.js"

export interface StreamOptions {
  /** Rows fetched at a time. Default 500. */
  readonly batch?: number
  /** See `QueryOptions`. */
  readonly reads?: readonly string[]
}

/** What a stream asks of the handle that it belongs to. */
export interface StreamHandle {
  /** What the next batch waits for: an open savepoint. */
  turn(): Promise<void> | undefined
  /** Throws when the handle has ended; asked before each batch and each row. */
  requireOpen(): void
}

/**
 * The rows of a query in batches, through a portal of the open transaction; never more than one batch in memory. With a
 * handle the transaction goes on after the stream, so the portal is closed when the loop ends, however it ends.
 */
export async function* streamRows<R>(
  runtime: Runtime,
  channel: Channel,
  text: string,
  values: readonly unknown[],
  { batch = 500, reads }: StreamOptions,
  handle?: StreamHandle,
): AsyncGenerator<R, void, undefined> {
  if (!Number.isSafeInteger(batch) || batch < 1)
    throw new WardkeepError("WK009", { message: "batch is a whole number from 1" })
  const read = runtime.statements.read(text)
  if (read.kind.kind !== "query") throw new WardkeepError("WK108", { message: "only a query has rows to stream" })
  await runtime.hidden.check(channel.context, read, values.length)
  const statement = channel.statement(read)
  // Behind a pooler somebody may have left a cursor under any name that can be guessed.
  const portal = `wk_${randomBytes(12).toString("hex")}`
  const wrote = channel.noteWrites(read)
  let shape: Unit["shape"]
  let opened = false
  try {
    for (;;) {
      for (let turn = handle?.turn(); turn !== undefined; turn = handle?.turn()) await turn
      handle?.requireOpen()
      const unit = new Unit(statement, opened ? [] : wireValues(values))
      unit.portal = portal
      unit.limit = batch
      unit.shape = shape
      unit.watch = runtime.watch({
        context: channel.context,
        text: read,
        parameters: values.length,
        reading: { reads },
        wrote,
      })
      const sent = await channel.send<R>(unit, opened ? "fetch" : "send")
      opened = true
      shape = unit.shape
      const { rows } = unit.watch ? await channel.released(read, unit.watch, sent) : sent
      for (const row of rows) {
        channel.requireOpen()
        handle?.requireOpen()
        yield row
      }
      if (!unit.suspended) return
    }
  } finally {
    if (opened && handle !== undefined) channel.closePortal(statement, portal)
  }
}

const highWater = 4 * 1024 * 1024

/**
 * The bytes of `COPY (query) TO STDOUT`: what a download is made of. COPY takes no parameters, and neither does this.
 * While the reader pauses, nobody takes the server for dead; the server itself still counts the pause as the statement's.
 *
 * @throws WK108 not a reading query, or parentheses that do not match
 */
export async function* copyBytes(
  runtime: Runtime,
  channel: Channel,
  text: string,
  format: "csv" | "text",
): AsyncGenerator<Buffer, void, undefined> {
  const read = runtime.statements.read(text)
  const { kind } = read
  if (kind.kind !== "query" || !kind.readOnly)
    throw new WardkeepError("WK108", { message: "only a reading query can be copied" })
  requireBalanced(text)
  await runtime.hidden.check(channel.context, read, 0)
  const observed = { context: channel.context, text: read, parameters: 0, reading: undefined }
  const { observer } = runtime
  await observer?.copying(callOf(observed, observer.sites === true), runtime.askFor(channel.context))
  const how = format === "csv" ? "with (format csv, header)" : ""
  const unit = new Unit(new Statement(`copy (${text}\n) to stdout ${how}`, "", kind.suspect), [])
  const events = new EventEmitter()
  const chunks: Buffer[] = []
  let held = 0
  let over = false
  unit.sink = {
    chunk: (bytes) => {
      // The parser's buffer is used again for the next message.
      chunks.push(Buffer.from(bytes))
      held += bytes.length
      if (held > highWater) unit.connection?.pause()
      events.emit("change")
    },
  }
  const finished = channel.send(unit).finally(() => {
    over = true
    events.emit("change")
  })
  finished.catch(() => undefined)
  try {
    for (;;) {
      const next = chunks.shift()
      if (next !== undefined) {
        held -= next.length
        if (held <= highWater) unit.connection?.resume()
        channel.requireOpen()
        yield next
      } else if (over) break
      else await once(events, "change")
    }
    await finished
  } finally {
    // The reader went away: what is left of the answer cannot be skipped, only the session dropped.
    if (!over) channel.abort(new WardkeepError("WK111", { message: "the download was abandoned" }))
  }
}

const quotes = /'(?:[^']|'')*'|"(?:[^"]|"")*"/gs

/** Refuses a text that could close the parenthesis it is put into. Fails closed on what it cannot read. */
function requireBalanced(text: string): void {
  const refuse = (): never => {
    throw new WardkeepError("WK108", {
      message: "this query cannot be copied: quotes, comments or parentheses are unclear",
    })
  }
  // Escape strings and dollar quotes would need the whole scanner; a download does not need them.
  if (/\\|\$[A-Za-z_\u0080-\uffff]?[\w\u0080-\uffff]*\$|;|--|\/\*/.test(text)) refuse()
  const bare = text.replace(quotes, "")
  if (/['"]/.test(bare) || skipBlank(bare, 0) < 0) refuse()
  let depth = 0
  for (const char of bare) {
    if (char === "(") depth++
    if (char === ")" && --depth < 0) refuse()
  }
  if (depth !== 0) refuse()
}
