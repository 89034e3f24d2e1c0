import { AsyncResource } from "node:async_hooks"
import { createHash } from "node:crypto"
import { WardkeepError } from "@wardkeep/core"
import { begin, call, type HandedOut, type HandlingClient, type HandlingVerb, noteRefused } from "./call.js"
import { countRows, type NamedRows, namedRows } from "./rows.js"
import { type ExportingClient, textReads } from "./text-reads.js"

type Bytes = Uint8Array | string

/** How a transfer ended, as it was recorded. */
export interface TransferEnd {
  /** `aborted`: the reader left, or the source failed. */
  readonly outcome: "completed" | "aborted"
  /** Bytes handed to the reader. */
  readonly bytes: number
  /** Of these bytes, hexadecimal. */
  readonly sha256: string
  /** Rows of a CSV without its header; only where rows were exported. */
  readonly rows?: number
}

/**
 * Bytes on their way out. That they would leave is committed; how it ended is recorded before the last bytes are handed over, so
 * that whoever holds all of them holds a recorded answer.
 */
export class Transfer implements AsyncIterable<Buffer> {
  /** The number that the events of this transfer share. */
  readonly id: string
  readonly #client: HandlingClient
  readonly #source: AsyncIterable<Bytes>
  readonly #rows: ReturnType<typeof countRows> | undefined
  /** The context it was begun in: the reader may be anywhere. */
  readonly #scope = new AsyncResource("WardkeepTransfer")
  #end: TransferEnd | undefined
  #taken = false

  constructor(client: HandlingClient, id: string, source: AsyncIterable<Bytes>, isCsv: boolean) {
    this.#client = client
    this.id = id
    this.#source = source
    this.#rows = isCsv ? countRows() : undefined
  }

  /** How it ended; undefined until then, and where that could not be recorded. */
  get end(): TransferEnd | undefined {
    return this.#end
  }

  /** @throws WK433 read twice · WK1xx the context ended meanwhile · whatever the source throws */
  async *[Symbol.asyncIterator](): AsyncGenerator<Buffer, void, undefined> {
    if (this.#taken) throw new WardkeepError("WK433", { message: "a transfer is read once" })
    this.#taken = true
    const hash = createHash("sha256")
    let bytes = 0
    let isWhole = false
    const close = async (outcome: TransferEnd["outcome"]): Promise<void> => {
      const rows = this.#rows?.count()
      const end = { outcome, bytes, sha256: hash.digest("hex"), ...(rows !== undefined && { rows }) }
      const recorded = JSON.stringify({ transfer: this.id, ...end })
      await this.#inScope(() => call(this.#client, "wardkeep_audit.end_handling($1::jsonb)", [recorded]))
      this.#end = end
    }
    const hand = (chunk: Buffer): Buffer => {
      hash.update(chunk)
      this.#rows?.read(chunk)
      bytes += chunk.length
      return chunk
    }
    const source = this.#inScope(() => this.#source[Symbol.asyncIterator]())
    // The newest bytes wait for those behind them, or for the record of the end where there are none.
    let held: Buffer | undefined
    try {
      for (;;) {
        const next = await this.#inScope(() => source.next()).catch((error: unknown) => ({ error }))
        if ("error" in next) {
          if (held !== undefined) yield hand(held)
          throw next.error
        }
        if (next.done === true) break
        const chunk = Buffer.from(next.value)
        if (chunk.length === 0) continue
        const ready = held
        held = chunk
        if (ready !== undefined) yield hand(ready)
      }
      const last = held === undefined ? undefined : hand(held)
      isWhole = true
      await close("completed")
      if (last !== undefined) yield last
    } finally {
      if (!isWhole) {
        // The reader's or the source's own error goes on; that it was begun is recorded in any case.
        await this.#inScope(async () => await source.return?.()).catch(() => undefined)
        await close("aborted").catch(() => undefined)
      }
    }
  }

  #inScope<T>(work: () => T): T {
    return this.#scope.runInAsyncScope(work)
  }
}

async function transfer(
  client: HandlingClient,
  verb: HandlingVerb,
  what: HandedOut,
  bytes: AsyncIterable<Bytes>,
): Promise<Transfer> {
  const { id } = await begin<{ id: string }>(client, verb, what)
  return new Transfer(client, id, bytes, false)
}

/**
 * A file that leaves. The database compares role, columns, purpose, second factor and each record with the policy's
 * `download`; the event is committed when this resolves, before a byte is read from `bytes`. Outside of `wk.tx`.
 *
 * @throws WK430 the role may not · WK431 a record is not there for it · WK204 · WK205 · WK434 too much named · WK101, WK102 · WK103 inside a transaction
 * @example await pipeline(await download(wk, { relation: "public.attachment", records: [id], file: "scan.pdf" }, file), response)
 */
export async function download(
  client: HandlingClient,
  what: HandedOut,
  bytes: AsyncIterable<Bytes>,
): Promise<Transfer> {
  return await transfer(client, "download", what, bytes)
}

/**
 * As {@link download}, under the policy's `print`: what is sent to a printer or shown for printing.
 *
 * @throws as {@link download}
 * @example await pipeline(await print(wk, { relation: "public.prescription", records: [id] }, pdf), response)
 */
export async function print(client: HandlingClient, what: HandedOut, bytes: AsyncIterable<Bytes>): Promise<Transfer> {
  return await transfer(client, "print", what, bytes)
}

/**
 * As {@link download}, under the policy's `export`: a file that the host made of many rows. Without `records` the event names nobody.
 *
 * @throws as {@link download}
 * @example await pipeline(await exportFile(wk, { relation: "public.invoice", filters: { month: "2026-11" } }, sheet), response)
 */
export async function exportFile(
  client: HandlingClient,
  what: HandedOut,
  bytes: AsyncIterable<Bytes>,
): Promise<Transfer> {
  return await transfer(client, "export", what, bytes)
}

/**
 * Rows of a reading query as CSV, under the policy's `export` for each table that it reads; how many rows it held is recorded with
 * its SHA-256. Where `records` are named, and the text is one SELECT of that table alone which shows its key, a row of another
 * record ends the transfer. Otherwise an event names nobody, and every answer about one person counts it as one that may be about them.
 *
 * @throws as {@link download} · WK108 not a plain reading query · WK431 a row of a record that was not named, while it is read
 * @example await pipeline(await exportRows(wk, { relation: "public.invoice", filters: { month: "2026-11" } }, sql), response)
 */
export async function exportRows(client: ExportingClient, what: HandedOut, text: string): Promise<Transfer> {
  const { reads, shown } = await textReads(client, text, what.relation)
  const more = { reads, shows: [...shown.keys()] }
  const { id, within } = await begin<{ id: string; within: Within | null }>(client, "export", what, more)
  const named = within === null ? undefined : namedRows(shown.get(within.key) ?? -1, new Set(within.records))
  return new Transfer(client, id, rows(client, what, text, named), true)
}

/** Records of which alone rows leave, and the column that says of which a row is. */
interface Within {
  readonly key: string
  readonly records: readonly string[]
}

async function* rows(
  client: ExportingClient,
  { relation }: HandedOut,
  text: string,
  named: NamedRows | undefined,
): AsyncGenerator<Uint8Array, void, undefined> {
  for await (const bytes of client.copyOut(text)) {
    const read = named?.read(bytes) ?? { whole: bytes, isForeign: false }
    yield read.whole
    if (!read.isForeign) continue
    const error = new WardkeepError("WK431", {
      message: `a row of ${relation} is of a record that was not named`,
      hint: "Name each record whose rows leave, or write the text so that it returns no others.",
    })
    await noteRefused(client, "export", relation, error)
    throw error
  }
}
