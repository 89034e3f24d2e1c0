import { createHash } from "node:crypto"
import { type Policy, WardkeepError } from "@wardkeep/core"
import type { Ask, ObservedCall, ViewObserver, Watch } from "@wardkeep/postgres/client"
import type pg from "pg"
import { type Analysis, analyse, type TableView } from "./analysis.js"
import { Answers, keepWithin } from "./answers.js"
import { type CatalogMap, readCatalogMap } from "./catalog-map.js"
import { fetchSubjects } from "./fetch.js"
import { tablesOfPlan } from "./plan-tables.js"
import { selfRecordingText } from "./self-recording.js"
import { type ViewedTable, viewedTables } from "./viewed.js"

type Fields = readonly pg.FieldDef[]
type Values = readonly (string | null)[]

export interface ViewOptions {
  /**
   * What an event survives once its rows are handed over. `process` (the default): the end of the application and of its
   * session; a crash of the database server may lose the events of its last three `wal_writer_delay` (0.6 seconds unless set
   * otherwise), as `synchronous_commit = off` does. `server`: that too, at the price of a flush per view. Columns under
   * `strict` are always recorded as `server` says.
   */
  readonly survives?: "process" | "server"
}

/**
 * Records who saw what through the client, for every table whose policy says `audit.views`: one event per statement and
 * table, with the persons in the rows, committed before the rows are handed over. Give it to `createWardkeep`.
 *
 * @throws WK411 (later, by the query) the view could not be recorded · WK412 (later, by the query) a strict column without a person
 * @example const wk = createWardkeep({ pool, policy, views: recordViews(policy) })
 */
export function recordViews(policy: Policy, { survives = "process" }: ViewOptions = {}): ViewObserver {
  return new ViewRecorder(policy, survives === "process")
}

class ViewRecorder implements ViewObserver {
  readonly tables: ReadonlyMap<string, ViewedTable>
  readonly sites: boolean
  readonly #policy: Policy
  /** Whether events may reach the disk after the rows have reached the caller. */
  readonly #soon: boolean
  readonly #maps = new Answers<CatalogMap>()
  readonly #analyses = new Answers<Analysis>()
  readonly #ownTexts = new Map<string, OwnText>()
  readonly #unviewed = new Map<string, true>()
  /** The columns' origins of a row description, which the client keeps as long as the prepared statement. */
  readonly #origins = new WeakMap<Fields, readonly string[]>()

  constructor(policy: Policy, soon: boolean) {
    this.#policy = policy
    this.#soon = soon
    this.tables = viewedTables(policy)
    this.sites = [...this.tables.values()].some(({ strict }) => strict.size > 0)
  }

  watch(call: ObservedCall): Watch {
    return new Execution(this, call)
  }

  async copying(call: ObservedCall, ask: Ask): Promise<void> {
    const { views } = await this.analysis(call, [], ask)
    const shown = views.map((view) => ({ ...view, source: "undetermined" as const, key: undefined }))
    await this.record(
      call,
      shown.map((view) => ({ view, subjects: [], complete: false })),
      0,
      ask,
    )
  }

  originsOf(fields: Fields): readonly string[] {
    let known = this.#origins.get(fields)
    if (known === undefined) {
      known = fields.map(({ tableID, columnID }) => (tableID === 0 ? "" : `${tableID}.${columnID}`))
      this.#origins.set(fields, known)
    }
    return known
  }

  /** Once per text, role and shape of the result; another shape means that tables changed since. */
  async analysis(call: ObservedCall, fields: Fields, ask: Ask): Promise<Analysis> {
    const origins = this.originsOf(fields)
    return await this.#analyses.get(keyOf(call, origins), async () => {
      const analysis = await this.#analyse(call, origins, ask)
      this.#keepOwnText(call, fields, analysis)
      return analysis
    })
  }

  /** For a text that was analysed before: what to send instead, and the origins that the result must have. */
  ownText(call: ObservedCall): OwnText | undefined {
    return this.#ownTexts.get(keyOf(call, []))
  }

  expectsNothing(call: ObservedCall): boolean {
    return this.#unviewed.has(keyOf(call, []))
  }

  #keepOwnText(call: ObservedCall, fields: Fields, { views }: Analysis): void {
    // A COPY has no description of its rows.
    if (fields.length === 0) return
    const key = keyOf(call, [])
    const names = fields.map(({ name }) => name)
    const isAlone = views.every(({ relation }) => !relation.endsWith("()"))
    // A function that the caller answers for with `reads` may write, and what it writes is to be as safe as anywhere.
    const soon = this.#soon && isAlone && call.reads === undefined && isUnguarded(views)
    const text = selfRecordingText(call.text, views, names, { statement: digestOf(call.text), soon })
    this.#unviewed.delete(key)
    if (views.length === 0) keepWithin(this.#unviewed, key, true)
    this.#ownTexts.delete(key)
    if (text !== undefined) keepWithin(this.#ownTexts, key, { text, origins: this.originsOf(fields).join() })
  }

  /** Where a result says whose its rows are; before its first analysis, wherever it shows a column of a table. */
  positionsOf(call: ObservedCall, fields: Fields): readonly number[] {
    const origins = this.originsOf(fields)
    const settled = this.#analyses.known(keyOf(call, origins))
    if (settled === undefined) return origins.flatMap((origin, at) => (origin === "" ? [] : [at]))
    const asked = settled.views.flatMap(({ subjects, key }) => (key === undefined ? subjects : [...subjects, key]))
    return [...new Set(asked)]
  }

  async mapOf(call: ObservedCall, ask: Ask): Promise<CatalogMap> {
    return await this.#maps.get(call.dbRole, () => this.#readMap(ask))
  }

  async #readMap(ask: Ask): Promise<CatalogMap> {
    const { tenant, branch } = this.#policy.tenancy.columns
    return await readCatalogMap(ask, this.tables, [tenant, branch])
  }

  async #analyse(call: ObservedCall, origins: readonly string[], ask: Ask): Promise<Analysis> {
    // Read again for each text: it may call a function, or read a table, that was made since.
    const map = await this.#maps.anew(call.dbRole, () => this.#readMap(ask))
    const plan = await ask.plan(call.text, call.parameters).then(tablesOfPlan, unplanned)
    return analyse({ text: call.text, reads: call.reads, origins }, this.tables, map, plan)
  }

  async record(call: ObservedCall, seen: readonly Seen[], rows: number, ask: Ask): Promise<void> {
    if (seen.length === 0) return
    for (const { view, complete } of seen) if (!complete && view.strict.length > 0) refuse(call, view)
    const statement = digestOf(call.text)
    const events = seen.map(({ view, subjects, complete }) => ({
      relation: view.relation,
      groups: view.groups,
      subjects,
      n: rows,
      soon: this.#soon && isUnguarded(seen.map(({ view: each }) => each)),
      source: complete || view.source === "declared" ? view.source : "undetermined",
      ...(!complete && { statement }),
    }))
    try {
      await ask.query("select wardkeep_audit.record_views($1)", [JSON.stringify(events)])
    } catch (cause) {
      throw unrecorded(cause)
    }
  }
}

interface OwnText {
  readonly text: string
  readonly origins: string
}

interface Seen {
  readonly view: TableView
  readonly subjects: readonly string[]
  /** Each row shown is of one of the subjects. */
  readonly complete: boolean
}

/** Collects, while rows arrive, what says whose they are. */
class Execution implements Watch {
  readonly #recorder: ViewRecorder
  readonly #call: ObservedCall
  #rows = 0
  /** Values by position in the result: those that any analysis could ask for. */
  #values: Map<number, Set<string>> = new Map()
  #positions: readonly number[] | undefined
  /** Positions that were empty in some row. */
  #empty = new Set<number>()
  /** Set where the statement records its view itself. */
  #own: OwnText | undefined

  constructor(recorder: ViewRecorder, call: ObservedCall) {
    this.#recorder = recorder
    this.#call = call
  }

  selfRecording(): string | undefined {
    this.#own = this.#recorder.ownText(this.#call)
    return this.#own?.text
  }

  expectsNothing(): boolean {
    return this.#recorder.expectsNothing(this.#call)
  }

  again(): Watch {
    return new Execution(this.#recorder, this.#call)
  }

  row(fields: Fields, values: Values): void {
    this.#rows++
    this.#positions ??= this.#isRecorded(fields) ? [] : this.#recorder.positionsOf(this.#call, fields)
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
    if (this.#rows === 0 || this.#isRecorded(fields)) return
    let seen: Seen[]
    try {
      const { views } = await this.#recorder.analysis(this.#call, fields, ask)
      seen = await Promise.all(views.map((view) => this.#seen(view, ask)))
    } catch (cause) {
      throw unrecorded(cause)
    }
    await this.#recorder.record(this.#call, seen, this.#rows, ask)
  }

  /** What it recorded rests on origins that the result still has; otherwise tables changed, and it is looked at anew. */
  #isRecorded(fields: Fields): boolean {
    return this.#own !== undefined && this.#own.origins === this.#recorder.originsOf(fields).join()
  }

  async #seen(view: TableView, ask: Ask): Promise<Seen> {
    const subjects = new Set(view.subjects.flatMap((at) => [...(this.#values.get(at) ?? [])]))
    // Another session would find the row as it was, or another branch's with the same key.
    if (view.source === "fetched" && this.#call.uncommitted) return { view, subjects: [], complete: false }
    if (view.source === "fetched" && view.key !== undefined) {
      const keys = [...(this.#values.get(view.key) ?? [])]
      const fetched = await fetchSubjects(view.relation, keys, this.#recorder, this.#call, ask)
      for (const subject of fetched?.subjects ?? []) subjects.add(subject)
      return { view, subjects: [...subjects].sort(), complete: fetched?.complete === true }
    }
    const isWhole = !view.nullable || view.subjects.some((at) => !this.#empty.has(at))
    return { view, subjects: [...subjects].sort(), complete: view.source === "exact" && isWhole }
  }
}

function isUnguarded(views: readonly TableView[]): boolean {
  return views.every(({ strict }) => strict.length === 0)
}

function keyOf({ dbRole, reads, text }: ObservedCall, origins: readonly string[]): string {
  return [dbRole, origins.join(), reads?.join() ?? "-", text].join("\0")
}

function refuse({ site }: ObservedCall, { relation, strict }: TableView): never {
  const where = site()
  throw new WardkeepError("WK412", {
    message: `${relation}: ${strict.join(", ")} would be shown without saying whose${where === undefined ? "" : `, by the call at ${where}`}`,
  })
}

/** A text that PostgreSQL does not plan so is recorded as unknown. What may go well the next time is not kept. */
function unplanned(error: unknown): undefined {
  const code = typeof error === "object" && error !== null && "code" in error ? String(error.code) : ""
  if (!/^(?:42|0A|22)/.test(code)) throw error
}

function unrecorded(cause: unknown): unknown {
  if (cause instanceof WardkeepError) return cause
  return new WardkeepError("WK411", { message: "the view could not be recorded, and no row was shown", cause })
}

/** What a statement was can be looked up by who has its text; the log holds no values of it. */
function digestOf(text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, 16)
}
