import type pg from "pg"
import type { Context } from "../context/context.js"
import { carriesOut, mayCount } from "./carriers.js"
import type { Reading } from "./own-unit.js"
import type { Text } from "./statements.js"
import { type Result, read } from "./wire/unit.js"

/** One statement that shows rows, as whoever records views learns of it. */
export interface ObservedCall {
  readonly text: string
  /** The role of the policy file, and the database's role in force. */
  readonly role: string
  readonly dbRole: string
  /** How many values came with the text. */
  readonly parameters: number
  /** Whether a row shown may be one that the transaction wrote itself, which no other session sees as it is. */
  readonly uncommitted: boolean
  /** Relations that the caller says the statement reads, `schema.table`. */
  readonly reads: readonly string[] | undefined
  /** The host's line that made the call, as `file:line:column`; worked out when asked. */
  site(): string | undefined
}

/** What an observer may ask of the database in the context of the call: each question is a transaction of its own. */
export interface Ask {
  query<R>(text: string, values: readonly unknown[]): Promise<R[]>
  /** What EXPLAIN (VERBOSE, FORMAT JSON) says of a text whose parameters are not known. */
  plan(text: string, parameters: number): Promise<unknown>
  /** The columns that a reading text would return; nothing of it is executed. */
  describe(text: string, parameters: number): Promise<readonly pg.FieldDef[]>
}

/** What is sent in place of a text: the same rows, behind whose columns stand `more` of the observer's own, which the caller is not given. */
export interface Widened {
  readonly text: string
  readonly more: number
}

/** Follows one execution. */
export interface Watch {
  /** Asks what is to be known of a text before it is sent; undefined where nothing is. Never rejects. */
  learn?(ask: Ask): Promise<void> | undefined
  /** A text that brings, beside the rows, what says whose they are. Asked after `learn`, and not of streams. */
  widened?(): Widened | undefined
  /** What was sent in place of the call's own text failed. */
  unsuited?(error: unknown): void
  /** A text with the same rows that records the view of them in its own transaction; asked of statements that stand alone. */
  selfRecording(): string | undefined
  /** What is known of the text says that it leaves rows in the state of the session, or that it calls what may: no later statement is to find them unrecorded. */
  leaves?(): "rows" | "unknown" | undefined
  /** What is known of the text says that no view is recorded of it; then a write need not wait for one. */
  expectsNothing(): boolean
  /** The same call once more, by its own text. */
  again(): Watch
  /** One row as the server sent it, before it is handed over. */
  row(fields: readonly pg.FieldDef[], values: readonly (string | null)[]): void
  /** The execution failed and is tried again: what it brought counts no more. */
  restart(): void
  /** All rows are here. They are handed over when this resolves, and not at all when it rejects. */
  release(fields: readonly pg.FieldDef[], ask: Ask): Promise<void> | undefined
}

/**
 * Is told of every statement that shows rows before the rows are handed over. `@wardkeep/audit` has the one that records
 * views; the client knows only this.
 */
export interface ViewObserver {
  /** Whether it asks for the `site` of calls; only then is each statement's stack kept. */
  readonly sites?: boolean
  watch(call: ObservedCall): Watch
  /** The bytes of a COPY: nothing of the rows will be seen. They are handed over when this resolves. */
  copying(call: ObservedCall, ask: Ask): Promise<void>
}

/** What observing needs to know of one call. */
export interface Observed {
  readonly context: Context
  readonly text: Text
  readonly parameters: number
  readonly reading: Reading | undefined
  /** Something before it in its transaction may have written. */
  readonly wrote?: boolean
}

const writes = /\b(?:insert|update|delete|merge)\b/i
/** A lock on rows writes nothing that is shown. */
const locks = /\bfor\s+(?:no\s+key\s+)?update\b/gi
const returning = /\breturning\b/i

/** A write that returns no rows shows nothing, unless it carries them out; what it wrote is an event of its own. */
export function showsRows({ text, kind }: Text): boolean {
  return kind.kind === "query" && (kind.readOnly || returning.test(text) || carriesOut(text) || mayCount(text))
}

/** Whether it writes, a table or the state of the session: then it may not commit before the view is recorded. */
export function mayWrite({ text }: Text): boolean {
  return writes.test(text) || carriesOut(text)
}

/** The same, once more is known of it than its text. */
export function isHeldBack(text: Text, watch: Watch): boolean {
  return (mayWrite(text) || watch.leaves?.() === "rows") && !watch.expectsNothing()
}

/** Whether what it shows, or a later statement of its transaction, may be rows of its own making. */
export function changesRows({ text, kind }: Text): boolean {
  return kind.kind === "query" && writes.test(text.replaceAll(locks, " "))
}

export function callOf({ context, text, parameters, reading, wrote = false }: Observed, sites: boolean): ObservedCall {
  const holder: { stack?: string } = {}
  if (sites) Error.captureStackTrace(holder, callOf)
  const { role, dbRole } = context
  const uncommitted = wrote || changesRows(text)
  return {
    text: text.text,
    role,
    dbRole,
    parameters,
    uncommitted,
    reads: reading?.reads,
    site: () => siteIn(holder.stack ?? ""),
  }
}

/** Hands the rows over once they may be seen; the host's type parsers see them no sooner. */
export async function released<R>(watch: Watch, result: Result<R>, ask: Ask): Promise<Result<R>> {
  await watch.release(result.fields, ask)
  return read(result)
}

const place = /\(?((?:file:\/\/)?[^\s()]+:\d+:\d+)\)?$/

/** The first line of a stack that is neither Wardkeep's nor a library's. */
function siteIn(stack: string): string | undefined {
  const places = stack.split("\n").flatMap((line) => {
    const found = place.exec(line.trim())?.[1]
    return found === undefined || found.includes("node:") ? [] : [found.replace(/^file:\/\//, "")]
  })
  const own = folderOf(places[0] ?? "")
  const outside = places.filter((each) => folderOf(each) !== own)
  return outside.find((each) => !each.includes("/node_modules/")) ?? outside[0]
}

function folderOf(path: string): string {
  return path.slice(0, path.lastIndexOf("/"))
}
